using System.Globalization;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Tests.Rows;

public class FieldValueTests
{
    /// <summary>One value of each kind and shape; no two of them are equal.</summary>
    private static readonly FieldValue[] Different =
    [
        FieldValue.Null,
        0, 1, int.MinValue, int.MaxValue,
        0L, 1L, long.MinValue, long.MaxValue,
        "", "a", "A", "e\u0301", "é", "\0",
        Array.Empty<byte>(), new byte[] { 0 }, new byte[] { 0x61 },
        FieldValue.FromList(Array.Empty<int>()), FieldValue.FromList([1, 2]), FieldValue.FromList([1L, 2L]), FieldValue.FromList([2, 1]),
        FieldValue.FromList(new[] { "a" }), FieldValue.FromList(new FieldValue[] { FieldValue.Null }),
        FieldValue.FromMap(new Dictionary<string, string>()), FieldValue.FromMap(new Dictionary<string, string> { ["a"] = "b" }),
        FieldValue.FromMap(new Dictionary<string, long> { ["a"] = 1, ["b"] = 2 }), FieldValue.FromMap(new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }),
        FieldValue.FromMap(new KeyValuePair<string, long>[] { new("b", 2), new("a", 1) }),
    ];

    [Fact]
    public void A_value_takes_16_bytes() => Assert.Equal(16, Unsafe.SizeOf<FieldValue>());

    [Fact]
    public void Values_are_equal_only_to_themselves()
    {
        for (int i = 0; i < Different.Length; i++)
        {
            for (int j = 0; j < Different.Length; j++)
            {
                Assert.Equal(i == j, Different[i].Equals(Different[j]));
                Assert.Equal(i == j, Different[i] == Different[j]);
                Assert.Equal(i != j, Different[i] != Different[j]);
                Assert.Equal(i == j, Different[i].Equals((object)Different[j]));
            }
        }

        Assert.False(Different[1].Equals((object)0));
        Assert.Equal(Different.Length, Different.ToHashSet().Count);
    }

    [Fact]
    public void Equal_contents_make_equal_values()
    {
        var (one, other) = (Different, Different.Select(Copy).ToArray());
        for (int i = 0; i < one.Length; i++)
        {
            Assert.Equal(one[i], other[i]);
            Assert.Equal(one[i].GetHashCode(), other[i].GetHashCode());
        }
    }

    [Fact]
    public void Nulls_of_every_type_are_one_value()
    {
        FieldValue[] nulls = [default, FieldValue.Null, (string?)null, (byte[]?)null, FieldValue.FromString(null)];
        Assert.All(nulls, n => Assert.Equal((true, FieldValueKind.Null, "null"), (n.IsNull, n.Kind, n.ToString())));
        Assert.Single(nulls.Distinct());
    }

    [Fact]
    public void What_goes_in_comes_out()
    {
        Assert.Equal((FieldValueKind.Int, int.MinValue), (((FieldValue)int.MinValue).Kind, ((FieldValue)int.MinValue).AsInt()));
        Assert.Equal((FieldValueKind.Long, long.MinValue), (((FieldValue)long.MinValue).Kind, ((FieldValue)long.MinValue).AsLong()));
        Assert.Equal((FieldValueKind.String, "é"), (((FieldValue)"é").Kind, ((FieldValue)"é").AsString()));
        Assert.Equal([1, 2, 3], FieldValue.FromList([1, 2, 3]).AsList().Select(v => v.AsInt()));
        Assert.Equal(["a", ""], FieldValue.FromList(new[] { "a", "" }).AsList().Select(v => v.AsString()));
        Assert.Equal([[1], []], FieldValue.FromList(new byte[][] { [1], [] }).AsList().Select(v => v.AsBytes().ToArray()));
        Assert.Equal([[2]], FieldValue.FromList(new ReadOnlyMemory<byte>[] { new byte[] { 1, 2 }.AsMemory(1) }).AsList().Select(v => v.AsBytes().ToArray()));
        Assert.True(FieldValue.FromList(new string?[] { null }!).AsList()[0].IsNull);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(2, 3)]
    [InlineData(5, 0)]
    [InlineData(1, 0)]
    public void Bytes_may_be_a_slice_and_are_not_copied(int start, int length)
    {
        byte[] bytes = [10, 11, 12, 13, 14];
        FieldValue value = new ReadOnlyMemory<byte>(bytes, start, length);
        Assert.Equal(FieldValueKind.ByteArray, value.Kind);
        Assert.Equal(bytes.AsSpan(start, length).ToArray(), value.AsBytes().ToArray());
        Assert.Equal(bytes.AsSpan(start, length).ToArray(), value);
        if (length > 0)
        {
            bytes[start] = 99;
            Assert.Equal(99, value.AsBytes().Span[0]);
        }
    }

    [Fact]
    public void A_slice_far_into_a_large_array_keeps_its_place()
    {
        byte[] bytes = new byte[70_000];
        bytes[^1] = 7;
        FieldValue value = bytes.AsMemory(69_999, 1);
        Assert.Equal([7], value.AsBytes().ToArray());
    }

    [Fact]
    public void No_bytes_are_not_null()
    {
        Assert.Equal(FieldValueKind.ByteArray, FieldValue.FromBytes(default).Kind);
        Assert.Equal(FieldValueKind.ByteArray, ((FieldValue)ReadOnlyMemory<byte>.Empty).Kind);
        Assert.Equal(0, FieldValue.FromBytes(default).AsBytes().Length);
    }

    [Fact]
    public void Bytes_that_are_in_no_array_are_copied()
    {
        using var owner = new NotAnArray();
        Assert.Equal([1, 2, 3], FieldValue.FromBytes(owner.Memory).AsBytes().ToArray());
    }

    [Fact]
    public void Lists_and_maps_are_copied_and_maps_keep_order_and_repetitions()
    {
        var list = new List<int> { 1 };
        var pairs = new List<KeyValuePair<string, long>> { new("b", 2), new("a", 1), new("b", 3) };
        var (listValue, mapValue) = (FieldValue.FromList(list), FieldValue.FromMap(pairs));
        list.Add(2);
        pairs.Clear();
        Assert.Single(listValue.AsList());
        Assert.Equal([("b", 2L), ("a", 1L), ("b", 3L)], mapValue.AsMap().Select(e => (e.Key.AsString(), e.Value.AsLong())));
    }

    [Fact]
    public void A_map_of_any_types_is_made_by_functions()
    {
        var map = FieldValue.FromMap(new Dictionary<int, byte[]> { [5] = [6] }, FieldValue.FromInt, v => v);
        Assert.Equal("{5: 0x06}", map.ToString());
        Assert.Equal(map, FieldValue.FromMap([KeyValuePair.Create<FieldValue, FieldValue>(5, new byte[] { 6 })]));
        Assert.Throws<ArgumentNullException>("key", () => FieldValue.FromMap(new Dictionary<int, int>(), null!, FieldValue.FromInt));
        Assert.Throws<ArgumentNullException>("value", () => FieldValue.FromMap(new Dictionary<int, int>(), FieldValue.FromInt, null!));
        Assert.Throws<ArgumentNullException>("entries", () => FieldValue.FromMap((Dictionary<string, int>)null!));
        Assert.Throws<ArgumentNullException>("values", () => FieldValue.FromList((int[])null!));
    }

    [Fact]
    public void Reading_a_value_as_another_kind_tells_both_kinds_and_not_the_value()
    {
        (FieldValueKind Kind, Action<FieldValue> Read)[] readers =
        [
            (FieldValueKind.Int, v => v.AsInt()), (FieldValueKind.Long, v => v.AsLong()), (FieldValueKind.String, v => v.AsString()),
            (FieldValueKind.ByteArray, v => v.AsBytes()), (FieldValueKind.List, v => v.AsList()), (FieldValueKind.Map, v => v.AsMap()),
        ];
        var values = Different.Append("secret-778899").ToArray();
        foreach (var value in values)
        {
            foreach (var (kind, read) in readers)
            {
                if (value.Kind == kind)
                {
                    read(value);
                    continue;
                }

                string message = Assert.Throws<InvalidOperationException>(() => read(value)).Message;
                Assert.Contains($"of kind {value.Kind}, but {kind}", message, StringComparison.Ordinal);
                Assert.DoesNotContain("778899", message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Printing_does_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NegativeSign = "minus " } };
            Assert.Equal("-5", ((FieldValue)(-5)).ToString());
            Assert.Equal("-5000000000", ((FieldValue)(-5_000_000_000)).ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        Assert.Equal("\"a\"", ((FieldValue)"a").ToString());
        Assert.Equal("0x", ((FieldValue)Array.Empty<byte>()).ToString());
        Assert.Equal("0x00ff", ((FieldValue)new byte[] { 0, 255 }).ToString());
        Assert.Equal("[]", FieldValue.FromList(Array.Empty<int>()).ToString());
        Assert.Equal("[\"a\", null, 1]", FieldValue.FromList(new FieldValue[] { "a", default, 1 }).ToString());
        Assert.Equal("{}", FieldValue.FromMap(new Dictionary<string, string>()).ToString());
        Assert.Equal("{\"a\": 1, \"b\": 2}", FieldValue.FromMap(new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }).ToString());
    }

    private static FieldValue Copy(FieldValue value) => value.Kind switch
    {
        FieldValueKind.String => new string(value.AsString().AsSpan()),
        FieldValueKind.ByteArray => ((byte[])[9, .. value.AsBytes().Span, 9]).AsMemory(1, value.AsBytes().Length),
        FieldValueKind.List => FieldValue.FromList(value.AsList().Select(Copy)),
        FieldValueKind.Map => FieldValue.FromMap(value.AsMap().Select(e => KeyValuePair.Create(Copy(e.Key), Copy(e.Value)))),
        _ => value,
    };

    /// <summary>Memory that no array backs.</summary>
    private sealed unsafe class NotAnArray : System.Buffers.MemoryManager<byte>
    {
        private readonly byte* _bytes = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc(3);

        public override Span<byte> GetSpan()
        {
            var span = new Span<byte>(_bytes, 3);
            new byte[] { 1, 2, 3 }.CopyTo(span);
            return span;
        }

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => new(_bytes + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing) => System.Runtime.InteropServices.NativeMemory.Free(_bytes);
    }
}
