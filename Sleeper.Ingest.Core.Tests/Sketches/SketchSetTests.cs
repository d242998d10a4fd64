using System.Buffers;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Sketches;

public class SketchSetTests
{
    private static readonly Schema TwoKeys = Schema.Create().RowKey("a", FieldType.Long).RowKey("b", FieldType.Int).SortKey("s", FieldType.Long).Build();

    [Fact]
    public void Item_31_there_is_one_entry_for_each_row_key_in_schema_order_and_nothing_after()
    {
        var set = new SketchSet(TwoKeys);
        set.Update(0, [1L, 2L]);
        set.Update(1, [3, 4]);
        byte[] file = set.ToArray(2);
        var sketches = SketchReader.Read(TwoKeys, file);
        Assert.Equal([(1L, 1024), (3L, 1024)], [(sketches[0].Min.AsLong(), sketches[0].K), (sketches[1].Min.AsInt(), sketches[1].K)]);
        Assert.Equal(2 * (4 + 16 + (4 * 8)), file.Length);
        Assert.Equal(2, set.Count);
    }

    [Fact]
    public void Item_32_and_38_a_sketch_that_missed_rows_or_has_too_many_is_not_written()
    {
        var set = new SketchSet(TwoKeys);
        set.Update(0, [1L, 2L]);
        set.Update(1, [3]);
        var output = new ArrayBufferWriter<byte>();
        Assert.Contains("'b' counted 1 values, but the data file has 2 rows", Assert.Throws<InvalidOperationException>(() => set.Write(2, output)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => set.Write(1, output));
        Assert.Equal(0, output.WrittenCount);
        set.Update(1, [4]);
        set.Write(2, output);
        Assert.Equal(set.ToArray(2), output.WrittenSpan.ToArray());
    }

    [Fact]
    public void The_bits_depend_on_leaf_and_field_only()
    {
        static byte[] File(SketchSet set, string leaf, string order = "ab")
        {
            set.Reset(leaf);
            foreach (char field in order)
            {
                for (int i = 0; i < 20_000; i++)
                {
                    set.Update(field - 'a', [i]);
                }
            }

            return set.ToArray(20_000);
        }

        var schema = Schema.Create().RowKey("a", FieldType.Int).RowKey("b", FieldType.Int).Build();
        var set = new SketchSet(schema);
        byte[] first = File(set, "leaf-1");
        Assert.NotEqual(first, File(set, "leaf-2"));
        Assert.Equal(first, File(set, "leaf-1", order: "ba"));
        Assert.Equal(first, File(new SketchSet(schema), "leaf-1"));
        Assert.NotEqual(first[..(first.Length / 2)], first[(first.Length / 2)..]);
    }

    [Fact]
    public void The_default_seeds_are_fixed()
    {
        // The specification's own test value of FNV-1a: hashing "a" gives AF63DC4C8601EC8C. The rest follows by hand.
        ulong hash = unchecked(0xAF63_DC4C_8601_EC8CUL * 0x100_0000_01B3UL);
        Assert.Equal((long)(hash ^ (hash >> 32)), SketchSeed.Of("a", ""));
        string[] texts = ["", "a", "b", "ab", "root", "ro"];
        Assert.Equal(texts.Length * texts.Length, texts.SelectMany(x => texts.Select(y => SketchSeed.Of(x, y))).Distinct().Count());
    }

    [Fact]
    public void The_bits_of_seed_0_are_those_of_the_original()
    {
        var bits = new JavaRandomBits(0);
        string drawn = string.Concat(Enumerable.Range(0, 64).Select(_ => bits.Next() ? '1' : '0'));
        Assert.Equal("1101101011000111101000000100101100100011110111111010111101001011", drawn);
    }

    [Fact]
    public void The_held_memory_is_the_sum_of_all_sketches()
    {
        var set = new SketchSet(TwoKeys);
        set.Update(0, [.. Enumerable.Range(0, 10_000).Select(i => (long)i)]);
        Assert.Equal(set[0].HeldBytes + set[1].HeldBytes, set.HeldBytes);
        Assert.True(set[0].HeldBytes > set[1].HeldBytes, "Levels take memory.");
    }
}
