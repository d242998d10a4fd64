using System.Globalization;
using System.Security.Cryptography;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Sketches;

/// <summary>Files that the original wrote, byte for byte.</summary>
public class GoldenSketchTests
{
    private static readonly FieldType[] KeyTypes = [FieldType.Int, FieldType.Long, FieldType.String, FieldType.ByteArray];

    [Fact]
    public void Item_28_example_A_an_empty_sketch_of_any_type()
    {
        foreach (var type in KeyTypes)
        {
            Assert.Equal(SketchValues.Hex("00000008 0103080C 00040000"), File(type, 0, _ => { }));
        }
    }

    [Fact]
    public void Item_28_example_B_one_long_or_int()
    {
        byte[] expected = SketchValues.Hex("00000028 02030808 00040000 0100000000000000 2A00000000000000 2A00000000000000 2A00000000000000");
        Assert.Equal(expected, File(FieldType.Long, 1, s => s.Update([42L])));
        Assert.Equal(expected, File(FieldType.Int, 1, s => s.Update([42])));
        expected.AsSpan(20).Fill(0xFF);
        Assert.Equal(expected, File(FieldType.Int, 1, s => s.Update([-1])));
    }

    [Fact]
    public void Item_28_example_C_three_strings_keep_their_order_of_arrival()
    {
        byte[] expected = SketchValues.Hex(
            "0000002B 02030808 00040000 0300000000000000 01000000 61 02000000 C3A9 01000000 62 01000000 61 02000000 C3A9");
        Assert.Equal(expected, File(FieldType.String, 3, s => SketchValues.Update(s, [SketchValues.Utf8("b"), SketchValues.Utf8("a"), SketchValues.Utf8("é")])));
    }

    [Fact]
    public void Item_28_example_D_byte_arrays_are_ordered_by_signed_bytes()
    {
        byte[] expected = SketchValues.Hex("00000027 02030808 00040000 0300000000000000 00000000 01000000 7F 01000000 80 01000000 7F 00000000");
        Assert.Equal(expected, File(FieldType.ByteArray, 3, s => SketchValues.Update(s, [[0x80], [0x7F], []])));
    }

    [Fact]
    public void Item_28_example_E_two_row_keys_give_two_entries_and_sort_keys_none()
    {
        var schema = Schema.Create().RowKey("k1", FieldType.Int).RowKey("k2", FieldType.String).SortKey("s", FieldType.Long).Build();
        var set = new SketchSet(schema);
        set.Update(0, [7]);
        set.Update(1, "x"u8, [0, 1]);
        byte[] expected = SketchValues.Hex(
            "00000028 02030808 00040000 0100000000000000 0700000000000000 0700000000000000 0700000000000000" +
            "0000001F 02030808 00040000 0100000000000000 01000000 78 01000000 78 01000000 78");
        Assert.Equal(expected, set.ToArray(1));
    }

    [Theory]
    [InlineData(0, 0, 12)]
    [InlineData(1, 1, 44)]
    [InlineData(2047, 2047, 16412)]
    [InlineData(2048, 1024, 8228)]
    [InlineData(2049, 1025, 8236)]
    [InlineData(4096, 1024, 8228)]
    [InlineData(4097, 1025, 8236)]
    [InlineData(6144, 2048, 16420)]
    [InlineData(10000, 2832, 22692)]
    [InlineData(1_000_000, 5696, 45604)]
    public void Item_33_example_F_retained_values_and_length_follow_from_the_count(int count, long retained, int fileBytes)
    {
        byte[] file = File(FieldType.Long, count, s =>
        {
            s.Update(Longs(count, i => i));
            Assert.Equal(retained, s.RetainedCount);
        });
        Assert.Equal(fileBytes, file.Length);
    }

    [Fact]
    public void Item_29_example_G_the_bits_1_1_0_1_give_this_image()
    {
        var bits = new GivenBits(1, 1, 0, 1);
        var sketch = QuantileSketch.Create(FieldType.Long, bits, k: 2);
        int[] drawnAfter = [0, 0, 0, 1, 1, 1, 1, 3, 3, 3, 3, 4, 4];
        for (int i = 0; i < 13; i++)
        {
            sketch.Update([i + 1L]);
            Assert.Equal(drawnAfter[i], bits.Drawn);
        }

        byte[] expected = SketchValues.Hex(
            "02030808 02000000 0D00000000000000 0100000000000000 0D00000000000000 0D00000000000000" +
            "0A00000000000000 0C00000000000000 0200000000000000 0600000000000000");
        Assert.Equal(expected, SketchValues.Image(sketch));
    }

    [Theory]
    [InlineData(2047, 16412, "e7eadabe19b3c4a99420786f1e231c5b1d0bb95fb5e28a83c61236fae0990fe4")]
    [InlineData(2048, 8228, "87a088fe0fda241fd410fcaade2061b33dffd448d03f5486df0468fa64968fef")]
    [InlineData(2049, 8236, "df455edd0fb0948932863cb8dbe28b7a2e6b8e8a79377be729d339ab34174226")]
    [InlineData(4096, 8228, "a327350fde17d910ad2f3bbaae37a5b78be049aac766eed18cb56415db7621bd")]
    [InlineData(10000, 22692, "6bde9badac7f9171b5e59b6ecda8a9e0ef2d5438a904cd4094161f640a2615de")]
    [InlineData(100000, 29988, "289f3718343c1729267f48a5eec099d482904be82366fd7b089d9f328fdef23c")]
    public void Item_30_hashes_of_ascending_longs(int count, int bytes, string sha256)
    {
        AssertHash(bytes, sha256, File(FieldType.Long, count, s => s.Update(Longs(count, i => i))));
    }

    [Fact]
    public void Item_30_hash_of_descending_longs() =>
        AssertHash(22692, "2b3c40a9db670ad713c193f7bfd3604ff392ef60b0a4f3a4ba260491a7893d3d", File(FieldType.Long, 10000, s => s.Update(Longs(10000, i => 9999 - i))));

    [Fact]
    public void Item_30_hash_of_ints() =>
        AssertHash(
            22692, "737ee0b42e87b011ddc9bd6b2862adbedcaea6aea068c8bc17966ecab73c1acf",
            File(FieldType.Int, 10000, s => s.Update([.. Enumerable.Range(-5000, 10000)])));

    [Theory]
    [InlineData(1, "c9c3e49d588415604c31880ab8c642da2abb5c1c5d67ba727106d0e1ee6f3193")]
    [InlineData(7919, "bca1e4850b082cd2c0d2eca49eaa2c2a5ad9804db35b3efbe7e8a6c69a3943b1")]
    public void Item_30_hashes_of_strings(int step, string sha256) =>
        AssertHash(28360, sha256, File(FieldType.String, 10000, s => SketchValues.Update(s, Strings(10000, step))));

    [Fact]
    public void Item_30_hash_of_byte_arrays() =>
        AssertHash(
            17024, "aea32772d8645eef89e8ef8379801b128dc84609cfe4806933a43e9eb9b69c40",
            File(FieldType.ByteArray, 10000, s => SketchValues.Update(s, [.. Enumerable.Range(0, 10000).Select(i => i * 7919 % 65536).Select(v => new[] { (byte)(v >> 8), (byte)v })])));

    [Fact]
    public void Item_37_quantiles_are_those_of_the_original()
    {
        double[] ranks = [0.25, 0.5, 0.75];
        var sketch = SketchValues.Create(FieldType.Long);
        sketch.Update(Longs(2048, i => i));
        Assert.Equal([513L, 1025L, 1537L], ranks.Select(r => sketch.Quantile(r).AsLong()));
        sketch.Reset(new JavaRandomBits(0));
        sketch.Update(Longs(10000, i => i));
        Assert.Equal([2501L, 5005L, 7501L], ranks.Select(r => sketch.Quantile(r).AsLong()));
        var strings = SketchValues.Create(FieldType.String);
        SketchValues.Update(strings, Strings(10000, 1));
        Assert.Equal(["k02501", "k05005", "k07501"], ranks.Select(r => strings.Quantile(r).AsString()));
        Assert.Equal(FieldValue.FromLong(0), sketch.Quantile(0));
        Assert.Equal(FieldValue.FromLong(9999), sketch.Quantile(1));
    }

    private static long[] Longs(int count, Func<int, long> value) => [.. Enumerable.Range(0, count).Select(value)];

    private static byte[][] Strings(int count, int step) =>
        [.. Enumerable.Range(0, count).Select(i => SketchValues.Utf8("k" + ((long)i * step % 10000).ToString("D5", CultureInfo.InvariantCulture)))];

    private static byte[] File(FieldType type, long rows, Action<QuantileSketch> add)
    {
        var bits = new JavaRandomBits(0);
        var set = new SketchSet(Schema.Create().RowKey("key", type).Build(), (_, _) => bits);
        add(set[0]);
        return set.ToArray(rows);
    }

    private static void AssertHash(int bytes, string sha256, byte[] file)
    {
        Assert.Equal(bytes, file.Length);
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(file)));
    }
}
