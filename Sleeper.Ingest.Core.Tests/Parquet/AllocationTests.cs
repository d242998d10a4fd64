using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Tests.Parquet;

/// <summary>
/// Ten times the values in as many pages take no more of the collected heap, whatever their type, encoding and nesting: reading, writing, and on the way into rows. A page takes a
/// little: its header, and when it is written its place in the indexes.
/// </summary>
/// <remarks>All is in memory, so nothing waits, and the bytes that this thread allocates are all of them. Each way is gone once before, with the larger number.</remarks>
public sealed class AllocationTests
{
    private const int Few = 3_000;
    private const int Many = 10 * Few;
    private const int PageCount = 6;
    private const int Stretch = 500;

    /// <summary>Far less than a byte for each of the values that one of them has more.</summary>
    private const long AllowedBytes = 2_048;

    private const long AllowedBytesOfPageRead = 256;
    private const long AllowedBytesOfPageWritten = 512;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach ((string type, string[] encodings) in (IEnumerable<(string, string[])>)
            [
                ("Boolean", ["Plain"]), ("Int32", ["Plain", "Dictionary", "Delta", "ByteStreamSplit"]), ("Int64", ["Plain", "Dictionary", "Delta", "ByteStreamSplit"]), ("Int96", ["Plain"]),
                ("Float", ["Plain", "ByteStreamSplit"]), ("Double", ["Plain", "ByteStreamSplit"]), ("ByteArray", ["Plain", "Dictionary", "Delta", "DeltaLengthByteArray"]),
                ("FixedLenByteArray", ["Plain", "ByteStreamSplit"]),
            ])
            {
                foreach (string encoding in encodings)
                {
                    cases.Add(type, encoding);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Reading_ten_times_the_values_allocates_no_more(string type, string encoding)
    {
        ParquetSchema schema = SchemaOf(Enum.Parse<PhysicalType>(type));
        byte[] few = Write(schema, encoding, Few, Few / PageCount);
        byte[] many = Write(schema, encoding, Many, Many / PageCount);
        var vectors = schema.Columns.Select(column => new ColumnVector(column.VectorKind)).ToArray();
        await ReadAsync(many, vectors);

        long less = await LeastAsync(() => ReadAsync(few, vectors));
        long more = await LeastAsync(() => ReadAsync(many, vectors));

        Assert.True(more - less <= AllowedBytes, $"{less:N0} bytes for {Few:N0} rows, {more:N0} bytes for {Many:N0}.");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Writing_ten_times_the_values_allocates_no_more(string type, string encoding)
    {
        ParquetSchema schema = SchemaOf(Enum.Parse<PhysicalType>(type));
        var columns = schema.Columns.Select(column => Values(column, Stretch)).ToArray();
        using var small = new RowGroupEncoder(schema, Options(schema, encoding, Few / PageCount));
        using var large = new RowGroupEncoder(schema, Options(schema, encoding, Many / PageCount));
        for (int i = 0; i < 2; i++)
        {
            Encode(small, columns, Few); // Buffers find their size.
            Encode(large, columns, Many);
        }

        long less = await LeastAsync(() => Task.FromResult(Encode(small, columns, Few)));
        long more = await LeastAsync(() => Task.FromResult(Encode(large, columns, Many)));

        Assert.True(more - less <= AllowedBytes, $"{less:N0} bytes for {Few:N0} rows, {more:N0} bytes for {Many:N0}.");
    }

    [Theory]
    [InlineData("Snappy")]
    [InlineData("Gzip")]
    [InlineData("Brotli")]
    [InlineData("Lz4Raw")]
    [InlineData("Zstd")]
    public async Task Reading_ten_times_the_compressed_values_allocates_no_more(string codecName)
    {
        CompressionCodec codec = Enum.Parse<CompressionCodec>(codecName);
        Assert.SkipUnless(PageCompression.IsAvailable(codec), $"{codec} is not available here.");
        ParquetSchema schema = SchemaOf(PhysicalType.Int64);
        byte[] few = Write(schema, "Plain", Few, Few / PageCount, codec);
        byte[] many = Write(schema, "Plain", Many, Many / PageCount, codec);
        var vectors = schema.Columns.Select(column => new ColumnVector(column.VectorKind)).ToArray();
        await ReadAsync(many, vectors);

        long less = await LeastAsync(() => ReadAsync(few, vectors));
        long more = await LeastAsync(() => ReadAsync(many, vectors));

        Assert.True(more - less <= AllowedBytes, $"{less:N0} bytes for {Few:N0} rows, {more:N0} bytes for {Many:N0}.");
    }

    [Fact]
    public async Task A_page_takes_little_more_than_its_header()
    {
        const int Pages = (Many - Few) / Stretch;
        ParquetSchema schema = SchemaOf(PhysicalType.Int64);
        int columnCount = schema.Columns.Count;
        byte[] few = Write(schema, "Plain", Few, Stretch);
        byte[] many = Write(schema, "Plain", Many, Stretch);
        var vectors = schema.Columns.Select(column => new ColumnVector(column.VectorKind)).ToArray();
        await ReadAsync(many, vectors);
        Assert.InRange((await ReadAsync(many, vectors) - await ReadAsync(few, vectors)) / (Pages * columnCount), 0, AllowedBytesOfPageRead);

        var columns = schema.Columns.Select(column => Values(column, Stretch)).ToArray();
        using var encoder = new RowGroupEncoder(schema, Options(schema, "Plain", Stretch));
        Encode(encoder, columns, Many);
        Assert.InRange((Encode(encoder, columns, Many) - Encode(encoder, columns, Few)) / (Pages * columnCount), 0, AllowedBytesOfPageWritten);
    }

    [Theory]
    [InlineData("Plain")]
    [InlineData("Dictionary")]
    [InlineData("Delta")]
    public async Task Encoding_ten_times_the_rows_of_a_file_allocates_no_more(string encoding)
    {
        ParquetSchema schema = new(
            "table",
            [
                SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int64),
                SchemaNode.Primitive("bytes", Repetition.Required, PhysicalType.ByteArray),
                SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Int32),
                SchemaNode.List("list", Repetition.Required, SchemaNode.Primitive("element", Repetition.Required, PhysicalType.ByteArray)),
            ]);

        // One page: the room that is made for a stretch of values is guessed from the bytes that the page has left, within bounds.
        byte[] few = Write(schema, encoding, Few, Few);
        byte[] many = Write(schema, encoding, Many, Many);
        using var batch = new RowBatch(new MemoryBudget(64 << 20), fullBytes: 1 << 20, fullRows: 1_000) { MaxRowBytes = 1 << 20 };
        await EncodeRowsAsync(many, batch);

        long less = await LeastAsync(() => EncodeRowsAsync(few, batch));
        long more = await LeastAsync(() => EncodeRowsAsync(many, batch));

        Assert.True(more - less <= AllowedBytes, $"{less:N0} bytes for {Few:N0} rows, {more:N0} bytes for {Many:N0}.");
    }

    /// <summary>The type required, with nulls, in lists, and in lists of lists.</summary>
    private static ParquetSchema SchemaOf(PhysicalType type)
    {
        SchemaNode Leaf(string name, Repetition repetition) => SchemaNode.Primitive(name, repetition, type, typeLength: type == PhysicalType.FixedLenByteArray ? 6 : 0);
        return new ParquetSchema(
            "made",
            [
                Leaf("required", Repetition.Required),
                Leaf("optional", Repetition.Optional),
                SchemaNode.List("list", Repetition.Optional, Leaf("element", Repetition.Optional)),
                SchemaNode.List("outer", Repetition.Optional, SchemaNode.List("inner", Repetition.Required, Leaf("element", Repetition.Required))),
            ]);
    }

    private static ParquetWriterOptions Options(ParquetSchema schema, string encoding, int pageRows, CompressionCodec codec = CompressionCodec.Uncompressed) => new()
    {
        CreateCompressor = () => PageCompression.Create(codec),
        Version = WriterVersion.V2,
        PageRows = pageRows,
        PageBytes = 1 << 24,
        Columns = [.. schema.Columns.Select(column => new ColumnWriteOptions
        {
            Encoding = encoding == "Dictionary" || (encoding == "Delta" && column.PhysicalType == PhysicalType.FixedLenByteArray) ? ColumnEncoding.Plain : Enum.Parse<ColumnEncoding>(encoding),
            Dictionary = encoding == "Dictionary" ? DictionaryUse.Try : DictionaryUse.Never,
        })],
    };

    /// <summary>The same 40 values again and again: a dictionary is as large for few rows as for many.</summary>
    private static ColumnVector Values(LeafColumn column, int rows) => VectorSamples.Random(column, rows, new Random(3), distinct: 40);

    /// <summary>The same rows again and again, so that each stretch of the many needs the same room as one of the few.</summary>
    private static byte[] Write(ParquetSchema schema, string encoding, int rows, int pageRows, CompressionCodec codec = CompressionCodec.Uncompressed)
    {
        ParquetWriterOptions options = Options(schema, encoding, pageRows, codec);
        var columns = schema.Columns.Select(column => Values(column, Stretch)).ToArray();
        using var encoder = new RowGroupEncoder(schema, options);
        var builder = new ParquetFileBuilder(schema, options);
        Append(encoder, columns, rows);
        using EncodedRowGroup group = encoder.Finish();
        builder.Add(group);
        return [.. ParquetFileBuilder.Header.Span, .. group.Segments.SelectMany(segment => segment.ToArray()), .. builder.Finish().Span];
    }

    private static long Encode(RowGroupEncoder encoder, ColumnVector[] columns, int rows)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Append(encoder, columns, rows);
        encoder.Finish().Dispose();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Append(RowGroupEncoder encoder, ColumnVector[] columns, int rows)
    {
        for (int done = 0; done < rows; done += Stretch)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                encoder.Append(column, columns[column]);
            }
        }
    }

    /// <summary>The least of a few times: a pool that was emptied by a collection fills again once.</summary>
    private static async Task<long> LeastAsync(Func<Task<long>> measure) => Math.Min(await measure(), Math.Min(await measure(), await measure()));

    private static async Task<long> ReadAsync(byte[] file, ColumnVector[] vectors)
    {
        var source = new MemorySource(file);
        int thread = Environment.CurrentManagedThreadId;
        long before;
        using (ParquetFileReader reader = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token))
        {
            before = GC.GetAllocatedBytesForCurrentThread(); // Opening takes the last 64 KiB of a file, if it has so many.
            int[] leaves = [.. Enumerable.Range(0, vectors.Length)];
            await using RowGroupReader rows = await reader.OpenRowGroupAsync(0, leaves, Token);
            foreach (int leaf in leaves)
            {
                do
                {
                    vectors[leaf].Clear();
                }
                while (await rows.ReadAsync(leaf, vectors[leaf], Stretch, Token) > 0);
            }
        }

        Assert.Equal(thread, Environment.CurrentManagedThreadId);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task<long> EncodeRowsAsync(byte[] file, RowBatch batch)
    {
        var source = new MemorySource(file);
        int thread = Environment.CurrentManagedThreadId;
        Schema schema;
        using (ParquetFileReader reader = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token))
        {
            schema = FileSchema.Infer(reader.Schema, ["key"], [], source.Name);
        }

        long before;
        using (ParquetInput input = await ParquetInput.OpenAsync(source, schema, ParquetMapping.ByName, ParquetReaderLimits.Default, KeyOrder.Bytes, Token))
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            ParquetRowEncoder encoder = input.TakeEncoder(new RowLimits(MaxRowBytes: 1 << 20));
            await using RowGroupReader reader = await input.File.OpenRowGroupAsync(0, encoder.Columns, Token);
            for (long left = reader.RowCount; left > 0;)
            {
                left -= await encoder.ReadAsync(reader, (int)Math.Min(left, Stretch), Token);
                bool isDone;
                do
                {
                    isDone = encoder.Encode(batch, null, (_, why) => throw new InvalidDataException(why.ToString()));
                    batch.Clear();
                }
                while (!isDone);
            }

            input.GiveBack(encoder);
        }

        Assert.Equal(thread, Environment.CurrentManagedThreadId);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>A file in memory, which keeps no account of what is read.</summary>
    private sealed class MemorySource(byte[] bytes) : IRandomAccessReader
    {
        public string Name => "made.parquet";

        public long Length => bytes.Length;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            bytes.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            return ValueTask.CompletedTask;
        }
    }
}
