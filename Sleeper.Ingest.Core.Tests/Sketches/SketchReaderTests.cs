using System.Buffers.Binary;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Sketches;

public class SketchReaderTests
{
    private const string Three = "02030808 00040000 0300000000000000 01000000 61 02000000 C3A9 01000000 62 01000000 61 02000000 C3A9";

    private static readonly Schema Strings = Schema.Create().RowKey("name", FieldType.String).Build();
    private static readonly Schema Longs = Schema.Create().RowKey("id", FieldType.Long).Build();

    [Theory]
    [InlineData("01030808", "empty")]
    [InlineData("0103080C", null)]
    [InlineData("0103081C", null)]
    [InlineData("0103080E", null)]
    [InlineData("0102080C", null)]
    [InlineData("01020804", null)]
    [InlineData("01030804", "0x08")]
    [InlineData("0103080D", "0x0d")]
    [InlineData("0103082C", "0x2c")]
    [InlineData("0103088C", "0x8c")]
    [InlineData("0203080C", "preamble of 2 words")]
    [InlineData("0003080C", "preamble of 0 words")]
    [InlineData("0101080C", "version is 1")]
    [InlineData("0104080C", "version is 4")]
    [InlineData("0103070C", "family is 7")]
    public void Item_35_and_36_flags_version_and_family_of_an_empty_sketch(string firstBytes, string? words)
    {
        byte[] file = InContainer(SketchValues.Hex(firstBytes + "00040000"));
        if (words is null)
        {
            var sketch = Assert.Single(SketchReader.Read(Strings, file));
            Assert.True(sketch.IsEmpty);
            Assert.Equal(1024, sketch.K);
            Assert.True(sketch.Min.IsNull && sketch.Max.IsNull && sketch.Quantile(0.5).IsNull);
        }
        else
        {
            AssertFault(Strings, file, words);
        }
    }

    [Theory]
    [InlineData(0x08)]
    [InlineData(0x18)]
    public void Item_35_a_base_buffer_may_be_sorted_or_not(byte flags)
    {
        byte[] image = SketchValues.Hex(Three);
        image[3] = flags;
        var sketch = Assert.Single(SketchReader.Read(Strings, InContainer(image)));
        Assert.Equal((3L, 1024, "a", "é"), (sketch.Count, sketch.K, sketch.Min.AsString(), sketch.Max.AsString()));
        Assert.Equal(["a", "b", "é"], new[] { 0.1, 0.5, 0.9 }.Select(r => sketch.Quantile(r).AsString()));
    }

    [Theory]
    [InlineData(0, "K is 0")]
    [InlineData(1, "K is 1")]
    [InlineData(1000, "K is 1000")]
    [InlineData(65535, "K is 65535")]
    [InlineData(2, null)]
    [InlineData(32768, null)]
    public void Item_36_K_is_a_power_of_two_from_2_to_32768(int k, string? words)
    {
        byte[] image = SketchValues.Hex("0103080C 00000000");
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(4), (ushort)k);
        if (words is null)
        {
            Assert.Equal(k, SketchReader.Read(Longs, InContainer(image))[0].K);
        }
        else
        {
            AssertFault(Longs, InContainer(image), words);
        }
    }

    [Theory]
    [InlineData("", "0 bytes are left")]
    [InlineData("000000", "3 bytes are left")]
    [InlineData("00000008 0103080C 000400", "given as 8 bytes, but 7")]
    [InlineData("FFFFFFFF 0103080C 00040000", "given as -1 bytes")]
    [InlineData("7FFFFFFF 0103080C 00040000", "given as 2147483647 bytes")]
    [InlineData("00000000", "less than the shortest")]
    [InlineData("00000007 0103080C 000400", "less than the shortest")]
    [InlineData("00000008 02030808 00040000", "less than its preamble")]
    public void Item_36_lengths_that_cannot_be(string file, string words) => AssertFault(Strings, SketchValues.Hex(file), words);

    [Theory]
    [InlineData(0L)]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    [InlineData(4L)]
    [InlineData(2048L)]
    [InlineData(long.MaxValue)]
    public void Item_36_a_count_that_the_bytes_do_not_bear_out_is_refused_before_memory_is_taken(long count)
    {
        foreach (var (schema, image) in new[] { (Strings, SketchValues.Hex(Three)), (Longs, ThreeLongs()) })
        {
            BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(8), count);
            AssertFault(schema, InContainer(image), "");
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(3)]
    public void Item_36_an_item_longer_than_the_image_is_refused(int length)
    {
        byte[] image = SketchValues.Hex(Three);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(image.Length - 6), length);
        AssertFault(Strings, InContainer(image), "items end");
    }

    [Fact]
    public void Every_cut_of_a_file_is_refused_and_bytes_after_it_are_ignored()
    {
        var set = new SketchSet(Schema.Create().RowKey("a", FieldType.ByteArray).RowKey("b", FieldType.Int).Build(), k: 4);
        for (int i = 0; i < 21; i++)
        {
            SketchCase.Add(set[0], new byte[] { 1, (byte)i });
            set.Update(1, [i]);
        }

        byte[] file = set.ToArray(21);
        var schema = Schema.Create().RowKey("a", FieldType.ByteArray).RowKey("b", FieldType.Int).Build();
        for (int length = 0; length < file.Length; length++)
        {
            Assert.Throws<SketchFormatException>(() => SketchReader.Read(schema, file.AsSpan(0, length)));
        }

        Assert.Equal([21L, 21L], SketchReader.Read(schema, [.. file, 1, 2, 3]).Select(s => s.Count));
    }

    [Fact]
    public void A_fault_tells_field_and_place()
    {
        byte[] file = [.. InContainer(SketchValues.Hex("0103080C 00040000")), .. InContainer(SketchValues.Hex("0103080C 03000000"))];
        var schema = Schema.Create().RowKey("a", FieldType.Long).RowKey("b", FieldType.Long).Build();
        var fault = Assert.Throws<SketchFormatException>(() => SketchReader.Read(schema, file));
        Assert.Equal(("b", 20L), (fault.FieldName, fault.Offset));
        Assert.Contains("'b', at byte 20", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_read_can_be_written_again_and_added_to()
    {
        foreach (var type in new[] { FieldType.Long, FieldType.ByteArray })
        {
            var schema = Schema.Create().RowKey("key", type).Build();
            var set = new SketchSet(schema, (_, _) => new JavaRandomBits(1), k: 8);
            for (int i = 0; i < 1000; i++)
            {
                SketchCase.Add(set[0], type == FieldType.Long ? FieldValue.FromLong(i * 7 % 100) : new byte[] { (byte)(i * 7), 1 });
            }

            var read = SketchReader.Read(schema, set.ToArray(1000))[0];
            Assert.Equal(SketchValues.Image(set[0]), SketchValues.Image(read));
            for (int i = 0; i < 1000; i++)
            {
                SketchCase.Add(read, type == FieldType.Long ? FieldValue.FromLong(1000 + i) : new byte[] { 0x7F, 0x7F });
            }

            Assert.Equal(2000, read.Count);
            Assert.Equal(set[0].Min, read.Min);
            Assert.NotEqual(set[0].Max, read.Max);
        }
    }

    private static byte[] ThreeLongs()
    {
        var sketch = SketchValues.Create(FieldType.Long);
        sketch.Update([3L, 1L, 2L]);
        return SketchValues.Image(sketch);
    }

    private static byte[] InContainer(byte[] image)
    {
        byte[] file = new byte[4 + image.Length];
        BinaryPrimitives.WriteInt32BigEndian(file, image.Length);
        image.CopyTo(file, 4);
        return file;
    }

    private static void AssertFault(Schema schema, byte[] file, string words)
    {
        var fault = Assert.Throws<SketchFormatException>(() => SketchReader.Read(schema, file));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Equal(schema.RowKeyFields[0].Name, fault.FieldName);
    }
}
