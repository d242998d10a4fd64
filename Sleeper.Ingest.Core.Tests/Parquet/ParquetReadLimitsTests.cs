using System.Reflection;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.HandmadeParquet;

namespace Sleeper.Ingest.Core.Tests.Parquet;

/// <summary>The limits that users set, each on its way to the engine, and what they meet when a file is above one or damaged.</summary>
public sealed class ParquetReadLimitsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] OneLong => new HandmadeParquet(Core.Parquet.Schemas.SchemaNode.Primitive("f", Repetition.Required, PhysicalType.Int64))
        .V1(2, ParquetEncoding.Plain, [.. Ints(1, 0), .. Ints(2, 0)]).Build(2);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_limit_of_the_engine_can_be_set_under_its_name_and_arrives()
    {
        Assert.Equal(ParquetReaderLimits.Default, ParquetReadLimits.Default.ForReader());
        var clock = new ManualClock();
        Assert.Same(clock, ParquetReadLimits.Default.ForReader(clock).Clock);
        foreach (PropertyInfo inner in typeof(ParquetReaderLimits).GetProperties().Where(p => p.Name != nameof(ParquetReaderLimits.Clock)))
        {
            var limits = new ParquetReadLimits();
            PropertyInfo outer = typeof(ParquetReadLimits).GetProperty(inner.Name)!;
            object other = outer.GetValue(limits) switch { bool flag => !flag, int number => number + 1, TimeSpan => TimeSpan.FromSeconds(9), var number => (long)number! + 1 };
            outer.SetValue(limits, other);

            Assert.Equal(other, inner.GetValue(limits.ForReader()));
            Assert.Single(typeof(ParquetReaderLimits).GetProperties(), p => !Equals(p.GetValue(limits.ForReader()), p.GetValue(ParquetReaderLimits.Default)));
        }
    }

    [Fact]
    public void Limits_that_cannot_work_are_all_named_when_they_are_set()
    {
        var limits = new ParquetReadLimits { MaxMetadataDepth = 65, MaxValueBytes = int.MaxValue, MaxColumns = 0 };

        string message = Assert.Throws<ArgumentException>(() => IngestFactory.Create().WithFolder(_folder.Path).WithParquetLimits(limits).Build()).Message;

        Assert.Contains("MaxMetadataDepth is 65, not 8 to 64", message, StringComparison.Ordinal);
        Assert.Contains("MaxValueBytes is 2,147,483,647", message, StringComparison.Ordinal);
        Assert.Contains("MaxColumns is 0", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ingest_refuses_a_file_above_its_limits_and_takes_it_with_others()
    {
        string path = System.IO.Path.Combine(_folder.Path, "two.parquet");
        await File.WriteAllBytesAsync(path, OneLong, Token);

        var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => IngestAsync(path, new ParquetReadLimits { MaxRows = 1 }));
        Assert.Contains("2 rows; the limit is 1", fault.Message, StringComparison.Ordinal);
        Assert.Contains("raise MaxRows of the ParquetReadLimits", fault.Message, StringComparison.Ordinal);
        Assert.Equal("two.parquet", fault.FileName);
        Assert.False(fault.IsRetryable);

        Assert.Equal(2, (await IngestAsync(path, new ParquetReadLimits { MaxRows = 2 })).RowCount);
    }

    [Fact]
    public async Task A_look_at_files_keeps_to_the_limits_too()
    {
        string path = System.IO.Path.Combine(_folder.Path, "two.parquet");
        await File.WriteAllBytesAsync(path, OneLong, Token);
        var tight = new ParquetReadLimits { MaxRows = 1 };

        await Assert.ThrowsAsync<ParquetFormatException>(() => ParquetFiles.ReadSchemaAsync(path, ["f"], limits: tight, cancellationToken: Token));
        Schema schema = await ParquetFiles.ReadSchemaAsync(path, ["f"], cancellationToken: Token);
        Assert.Contains("the limit is 1", Assert.Single(Assert.Single(await ParquetFiles.CheckAsync([path], schema, limits: tight, cancellationToken: Token)).Problems), StringComparison.Ordinal);
        Assert.Empty(Assert.Single(await ParquetFiles.CheckAsync([path], schema, cancellationToken: Token)).Problems);
    }

    [Fact]
    public async Task A_table_is_read_within_the_limits_it_is_given()
    {
        string path = System.IO.Path.Combine(_folder.Path, "two.parquet");
        await File.WriteAllBytesAsync(path, OneLong, Token);
        await IngestAsync(path, ParquetReadLimits.Default);
        Table table = await Table.OpenAsync(System.IO.Path.Combine(_folder.Path, "tables"), cancellationToken: Token);

        Assert.Equal(2, await table.ReadAsync(Token).CountAsync(Token));
        var fault = await Assert.ThrowsAsync<TableReadException>(async () => await table.WithParquetLimits(new ParquetReadLimits { MaxRows = 1 }).ReadAsync(Token).CountAsync(Token));
        Assert.IsType<ParquetFormatException>(fault.InnerException);
        Assert.Contains("asks for more than the limits of this read", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("raise MaxRows of the ParquetReadLimits.", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => table.WithParquetLimits(new ParquetReadLimits { MaxRows = 0 }));
    }

    [Fact]
    public async Task A_fault_says_its_place_in_words_and_in_properties()
    {
        byte[] file = RequiredBytes.V1(1, ParquetEncoding.Plain, [1, 0, 0, 0, 65]).V1(1, ParquetEncoding.Plain, [9, 0, 0, 0, 65]).Build(2);

        var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => ParquetDrain.ReadAllAsync(file));

        Assert.Equal(("made.parquet", 0, "f", 1), (fault.FileName, fault.RowGroup, fault.Column, fault.Page));
        Assert.InRange(fault.Offset!.Value, 10, 60);
        Assert.StartsWith($"'made.parquet', row group 0, column 'f', page 1 at byte {fault.Offset}: A value claims 9 bytes, but its page has 1 left.", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("get it again from where it came from, or leave it out.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_footer_says_its_row_group_and_column_and_cuts_names_short()
    {
        string name = new string('x', 5000) + "\n";
        var made = new HandmadeParquet(Core.Parquet.Schemas.SchemaNode.Primitive(name, Repetition.Required, PhysicalType.Int32));
        byte[] file = made.V1(1, ParquetEncoding.Plain, Ints(1)).Build(1, change: footer => footer.RowGroups[0].Columns[0].Metadata!.TotalCompressedSize = 1_000_000);

        var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => ParquetDrain.ReadAllAsync(file));

        Assert.Equal(("made.parquet", 0, name, 4L), (fault.FileName, fault.RowGroup, fault.Column, fault.Offset));
        Assert.Null(fault.Page);
        Assert.Contains("(5,001 characters)", fault.Message, StringComparison.Ordinal);
        Assert.True(fault.Message.Length < 600);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public async Task Bytes_out_are_limited_for_the_whole_file()
    {
        byte[] file = RequiredInt.V1(1000, ParquetEncoding.Plain, Ints(new int[1000])).Build(1000);

        Assert.Equal(1000, await ParquetDrain.ReadAllAsync(file, limits: new ParquetReaderLimits { MaxDecodedBytes = 5000 }));
        Assert.Contains("MaxDecodedBytes", await ParquetDrain.RefusalAsync(file, new ParquetReaderLimits { MaxDecodedBytes = 4999 }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_is_limited_for_the_whole_file_and_only_that_of_reading_counts()
    {
        string path = System.IO.Path.Combine(_folder.Path, "two.parquet");
        await File.WriteAllBytesAsync(path, OneLong, Token);

        var fault = await Assert.ThrowsAsync<ParquetFormatException>(() => IngestAsync(path, new ParquetReadLimits { MaxTime = TimeSpan.FromSeconds(0.5) }, new StrikingClock()));
        Assert.Contains("raise MaxTime", fault.Message, StringComparison.Ordinal);
        Assert.Equal(("two.parquet", 0, "f"), (fault.FileName, fault.RowGroup, fault.Column));
        Assert.Equal(2, (await IngestAsync(path, new ParquetReadLimits { MaxTime = TimeSpan.FromSeconds(10) }, new StrikingClock())).RowCount);
    }

    [Fact]
    public async Task A_constant_column_of_a_hundred_million_rows_takes_no_memory_for_them()
    {
        const int Rows = 100_000_000;
        byte[] file = RequiredInt.Dictionary(1, Ints(7)).V1(Rows, ParquetEncoding.RleDictionary, [1, .. Run(Rows, 0)]).Build(Rows);
        using ParquetFileReader reader = await ParquetFileReader.OpenAsync(new BytesSource("f", file), ParquetReaderLimits.Default, Token);
        using var group = await reader.OpenRowGroupAsync(0, [0], Token);
        var vector = new Core.Parquet.Columns.ColumnVector(Core.Parquet.Columns.VectorKind.Int32);
        long rows = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        while (await group.ReadAsync(0, vector, 4096, Token) is > 0 and var given)
        {
            rows += vector.Ints[given - 1] == 7 ? given : 0;
            vector.Clear();
        }

        Assert.Equal(Rows, rows);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public async Task A_page_without_values_is_not_decompressed()
    {
        // What the codec would make of it is never asked: the two values are read, whatever the empty page's bytes.
        byte[] file = new HandmadeParquet(Core.Parquet.Schemas.SchemaNode.Primitive("f", Repetition.Required, PhysicalType.Int32)) { Codec = CompressionCodec.Snappy }
            .Page(new PageHeader { Type = PageType.DataPage, UncompressedPageSize = 64 << 20, DataPage = new DataPageHeader { Encoding = ParquetEncoding.Plain } }, [1, 2, 3])
            .Page(new PageHeader { Type = PageType.DataPage, UncompressedPageSize = 8, DataPage = new DataPageHeader { NumValues = 2, Encoding = ParquetEncoding.Plain } }, [8, 7 << 2, .. Ints(1, 2)])
            .Build(2);

        Assert.Equal(2, await ParquetDrain.ReadAllAsync(file));
    }

    private async Task<IngestResult> IngestAsync(string path, ParquetReadLimits limits, TimeProvider? clock = null)
    {
        Schema schema = await ParquetFiles.ReadSchemaAsync(path, ["f"], cancellationToken: Token);
        await using IIngestWriter writer = await IngestFactory.Create().WithSchema(schema).WithFolder(System.IO.Path.Combine(_folder.Path, "tables"))
            .WithoutDurability().WithParquetLimits(limits).UseClock(clock ?? TimeProvider.System).OpenAsync(Token);
        await writer.WriteParquetAsync(path, Token);
        return await writer.CompleteAsync(Token);
    }

    /// <summary>A second passes each time that somebody looks.</summary>
    private sealed class StrikingClock : TimeProvider
    {
        private long _looks;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _looks);
    }
}
