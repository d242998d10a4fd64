using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.HandmadeParquet;

namespace Sleeper.Ingest.Core.Tests.Parquet;

public class ParquetFileReaderTests
{
    [Fact]
    public async Task What_is_no_parquet_file_is_refused_with_what_was_found()
    {
        await Refused([], "has 0 bytes");
        await Refused("PAR1PAR1"u8.ToArray(), "has 8 bytes");
        await Refused("key,value\n1,hello\n2,world\n"u8.ToArray(), "ends with the bytes 72 6C 64 0A instead of 'PAR1'");
        await Refused("GIF89a some bytes PAR1"u8.ToArray(), "begins with the bytes 47 49 46 38");
        await Refused("PARE some bytes of a file PARE"u8.ToArray(), "encrypted");
    }

    [Fact]
    public async Task Footer_lengths_that_cannot_be_are_refused()
    {
        byte[] file = File();
        foreach (uint length in (uint[])[0, (uint)file.Length - 11, int.MaxValue, uint.MaxValue])
        {
            byte[] wrong = (byte[])file.Clone();
            BinaryPrimitives.WriteUInt32LittleEndian(wrong.AsSpan(wrong.Length - 8), length);
            await Refused(wrong, $"claims {length:N0} bytes of metadata");
        }
    }

    [Fact]
    public async Task A_footer_that_does_not_fit_the_file_or_itself_is_refused()
    {
        await Refused(File(footer => footer.NumRows = 3), "claims 3 rows, but its row groups have 2");
        await Refused(File(footer => footer.NumRows = -1), "claims -1 rows");
        await Refused(File(footer => footer.RowGroups[0].NumRows = -2), "claims -2 rows");
        await Refused(File(footer => footer.RowGroups[0].Columns = []), "has 0 column chunks, but the schema has 1");
        await Refused(File(footer => Chunk(footer).DataPageOffset = 3), "at byte 3");
        await Refused(File(footer => Chunk(footer).DataPageOffset = long.MaxValue), "column chunks lie between byte 4 and byte");
        await Refused(File(footer => Chunk(footer).DataPageOffset = long.MinValue), "column chunks lie between byte 4 and byte");
        await Refused(File(footer => Chunk(footer).TotalCompressedSize = 1000), "claims 1,000 bytes at byte 4");
        await Refused(File(footer => Chunk(footer).TotalCompressedSize = -1), "claims -1 bytes");
        await Refused(File(footer => Chunk(footer).NumValues = -1), "claims -1 values");
        await Refused(File(footer => footer.RowGroups[0].Columns[0].FilePath = "other.parquet"), "lies in another file ('other.parquet')");
        await Refused(File(footer => Chunk(footer).Codec = CompressionCodec.Lzo), "codec Lzo is not read");
        await Refused(File(footer => { footer.NumRows = 4; footer.RowGroups = [footer.RowGroups[0], footer.RowGroups[0]]; }), "overlap");
    }

    [Fact]
    public async Task Limits_are_kept()
    {
        byte[] file = File();
        await Refused(file, "the limit is 20", new ParquetReaderLimits { MaxFooterBytes = 20 });
        await Refused(file, "the limit is 1", new ParquetReaderLimits { MaxRows = 1 });
        await Refused(file, "1 columns; the limit is 0", new ParquetReaderLimits { MaxColumns = 0 });
        await Refused(file, "1 row groups; the limit is 0", new ParquetReaderLimits { MaxRowGroups = 0 });
        await Refused(file, "the limit is 7", new ParquetReaderLimits { MaxPageBytes = 7 });
        Assert.Equal(2, await ParquetDrain.ReadAllAsync(file, limits: new ParquetReaderLimits { MaxRows = 2, MaxColumns = 1, MaxRowGroups = 1, MaxPageBytes = 8 }));
    }

    [Fact]
    public async Task A_small_footer_takes_one_read_and_a_large_one_two()
    {
        foreach ((int keyValues, int reads) in ((int, int)[])[(0, 1), (20_000, 2)])
        {
            byte[] bytes = File(footer => footer.KeyValueMetadata = [.. Enumerable.Range(0, keyValues).Select(i => new KeyValue { Key = $"key {i}", Value = "v" })]);
            var source = new BytesSource("f", bytes);
            using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
            Assert.Equal(reads, source.Reads.Count);
            Assert.Equal(source.Reads.Sum(read => (long)read.Length), source.Reads.Distinct().Sum(read => (long)read.Length));
            Assert.Equal("f", file.Schema.Columns[0].DottedPath);
        }
    }

    [Fact]
    public async Task A_row_group_or_column_that_does_not_exist_cannot_be_opened()
    {
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("f", File()), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => file.OpenRowGroupAsync(1, [0], TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => file.OpenRowGroupAsync(-1, [0], TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => file.OpenRowGroupAsync(0, [1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_cancelled_open_stops()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ParquetFileReader.OpenAsync(new BytesSource("f", File()), ParquetReaderLimits.Default, cancelled.Token));
    }

    private static ColumnMetadata Chunk(FileMetadata footer) => footer.RowGroups[0].Columns[0].Metadata!;

    private static byte[] File(Action<FileMetadata>? change = null) => RequiredInt.V1(2, ParquetEncoding.Plain, Ints(1, 2)).Build(2, change: change);

    private static async Task Refused(byte[] file, string why, ParquetReaderLimits? limits = null) =>
        Assert.Contains(why, await ParquetDrain.RefusalAsync(file, limits), StringComparison.Ordinal);
}
