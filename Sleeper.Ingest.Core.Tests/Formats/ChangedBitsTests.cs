using System.Text;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Every bit of small files is changed, one at a time: the file is then refused, or its rows are what they were.</summary>
public sealed class ChangedBitsTests(ITestOutputHelper output)
{
    private static readonly Schema Fields = Schema.Create()
        .RowKey("key", FieldType.Long).Value("number", FieldType.Int, nullable: true).Value("list", FieldType.List(FieldType.String)).Build();

    [Theory]
    [InlineData(1, "Uncompressed", false)]
    [InlineData(1, "Snappy", true)]
    [InlineData(2, "Uncompressed", true)]
    [InlineData(2, "Snappy", false)]
    public async Task No_changed_bit_gives_other_rows(int version, string codec, bool dictionary)
    {
        byte[] file = Write(version, Enum.Parse<CompressionCodec>(codec), dictionary);
        string rows = await EncodeAsync(file);
        List<string> silent = [];
        int refused = 0;
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                string now = await EncodeAsync(file);
                if (rows != now)
                {
                    silent.Add($"bit {bit} (byte {bit / 8} of {file.Length}, bit {bit % 8})");
                }
            }
            catch (IngestException)
            {
                refused++;
            }

            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        output.WriteLine($"{8 * file.Length} bits, {refused} refused, {silent.Count} silent");
        Assert.True(silent.Count == 0, string.Join('\n', silent));
    }

    /// <summary>The rows as an ingest encodes them.</summary>
    private static async Task<string> EncodeAsync(byte[] file)
    {
        using ParquetInput input = await ParquetInput.OpenAsync(new BytesSource("f", file), Fields, ParquetMapping.ByName, ParquetReaderLimits.Default, KeyOrder.Bytes, default);
        using var batch = new RowBatch(new MemoryBudget(1 << 20), fullBytes: 64 << 10, fullRows: 1024);
        var encoder = input.TakeEncoder(new RowLimits());
        try
        {
            var rows = new StringBuilder();
            for (int i = 0; i < input.File.RowGroupCount; i++)
            {
                using var group = await input.File.OpenRowGroupAsync(i, encoder.Columns, default);
                if (group.RowCount == 0)
                {
                    continue;
                }

                await encoder.ReadAsync(group, (int)group.RowCount, default);
                Assert.True(encoder.Encode(batch, null, (row, fault) =>
                {
                    batch.DiscardRow();
                    rows.Append(row).AppendLine(fault.Reason);
                }));
            }

            return rows.Append(Hex(batch)).ToString();
        }
        finally
        {
            input.GiveBack(encoder);
        }
    }

    private static unsafe string Hex(RowBatch batch) => Convert.ToHexString(new ReadOnlySpan<byte>(batch.Start, batch.ByteCount));

    private static byte[] Write(int version, CompressionCodec codec, bool dictionary)
    {
        var schema = new ParquetSchema(
            "f",
            [
                SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int64),
                SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Int32),
                SchemaNode.List("list", Repetition.Required, SchemaNode.Utf8("element", Repetition.Required)),
            ]);
        var random = new Random(1);
        ColumnVector[] columns = [.. schema.Columns.Select(column => VectorSamples.Random(column, 20, random, distinct: dictionary ? 4 : 1000, maxBytes: 6))];
        var options = new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(codec),
            Version = version == 1 ? WriterVersion.V1 : WriterVersion.V2,
            PageRows = 12,
            Columns = [.. schema.Columns.Select(_ => new ColumnWriteOptions { Dictionary = dictionary ? DictionaryUse.Try : DictionaryUse.Never })],
        };
        return WrittenFile.Write(schema, options, null, columns).Bytes;
    }
}
