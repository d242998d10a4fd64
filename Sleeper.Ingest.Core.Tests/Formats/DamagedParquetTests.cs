using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Whatever the bytes, a reader that nobody vouches for gives rows or one kind of error, soon, and with little memory.</summary>
public class DamagedParquetTests
{
    private static readonly string[] SmallFiles =
    [
        "codecs/uncompressed/file-001.parquet", "codecs/snappy/file-001.parquet", "codecs/gzip/file-001.parquet", "codecs/zstd/file-001.parquet",
        "codecs/lz4/file-001.parquet", "codecs/lz4_raw/file-001.parquet", "string-key/file-001.parquet", "nullable/file-001.parquet",
        "pages/v1-dictionary/file-001.parquet", "pages/v2-dictionary/file-001.parquet", "pages/v2-delta/file-001.parquet",
    ];

    public static TheoryData<string> Files => [.. SmallFiles];

    [Fact]
    public async Task A_file_cut_at_any_length_is_refused()
    {
        byte[] bytes = await ReadAsync("codecs/snappy/file-001.parquet");
        for (int length = 0; length < bytes.Length; length++)
        {
            await ParquetDrain.RefusalAsync(bytes[..length]);
        }
    }

    [Fact]
    public async Task A_file_whose_beginning_is_lost_is_refused()
    {
        byte[] bytes = await ReadAsync("codecs/uncompressed/file-001.parquet");
        for (int start = 1; start < bytes.Length; start += 13)
        {
            await ParquetDrain.RefusalAsync(bytes[start..]);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Changed_bytes_give_rows_or_one_kind_of_error(string file)
    {
        byte[] bytes = await ReadAsync(file);
        int seed = file.Length * 7919;
        var random = new Random(seed);
        var limits = new ParquetReaderLimits { VerifyChecksums = false };
        int refused = 0;
        for (int run = 0; run < 1500; run++)
        {
            byte[] damaged = (byte[])bytes.Clone();
            int changes = random.Next(4) == 0 ? random.Next(2, 6) : 1;
            for (int i = 0; i < changes; i++)
            {
                // Half of the changes hit the footer, where lengths and counts are.
                int from = random.Next(2) == 0 ? 0 : Math.Max(0, bytes.Length - 2500);
                int at = random.Next(from, bytes.Length);
                damaged[at] = random.Next(3) switch { 0 => (byte)(damaged[at] ^ (1 << random.Next(8))), 1 => (byte)random.Next(256), _ => (byte)(random.Next(2) * 255) };
            }

            long allocated = GC.GetTotalAllocatedBytes();
            try
            {
                await ParquetDrain.ReadAllAsync(damaged, limits: limits);
            }
            catch (ParquetFormatException)
            {
                refused++;
            }
            catch (Exception other)
            {
                Assert.Fail($"{file}, seed {seed}, run {run}: {other}");
            }

            Assert.True(GC.GetTotalAllocatedBytes() - allocated < (512L << 20), $"{file}, seed {seed}, run {run} took too much memory");
        }

        Assert.True(refused > 100, $"only {refused} of 1,500 damaged files were refused");
    }

    private static Task<byte[]> ReadAsync(string file) =>
        File.ReadAllBytesAsync(Path.Combine(ParquetFixtures.KeptFolder, file), TestContext.Current.CancellationToken);
}
