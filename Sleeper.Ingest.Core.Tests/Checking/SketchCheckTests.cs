using System.Buffers.Binary;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Sketches that no longer keep every value: the checker asks for quantiles.</summary>
public sealed class SketchCheckTests
{
    private const int Count = 11_000;
    private const int FirstItem = 4 + 16;
    private const int BaseCount = Count % 2048;

    private static readonly long[] Values = [.. Enumerable.Range(0, Count).Select(i => (i * 7919L % Count) - 5000)];

    [Fact]
    public void What_the_library_writes_is_sound()
    {
        var numbers = Values.Select(v => KeyText.OfNumber(v)).ToList();
        Assert.Empty(Check(FieldType.Long, "LongType", set => set.Update(0, Values), numbers));
        Assert.Empty(Check(FieldType.Int, "IntType", set => set.Update(0, Array.ConvertAll(Values, v => (int)v)), numbers));
        foreach (var (type, name) in (IEnumerable<(FieldType, string)>)[(FieldType.String, "StringType"), (FieldType.ByteArray, "ByteArrayType")])
        {
            // Texts beyond ASCII, and bytes with their top bit set, have another order in sketches than in files.
            byte[][] items = [.. Values.Select(v => type == FieldType.String
                ? SketchValues.Utf8(v % 2 == 0 ? $"\uffee{v}" : $"\U0001f600{v}")
                : SketchValues.Item(v))];
            Assert.Empty(Check(type, name, set => SketchValues.Update(set[0], items), [.. items.Select(Convert.ToHexStringLower)]));
        }
    }

    [Fact]
    public void Other_quantiles_are_noticed()
    {
        var numbers = Values.Select(v => KeyText.OfNumber(v)).ToList();

        // Level 0 is full and level 2 is, for 11,000 = 5 x 2048 + 760 values: 1024 values each, the second standing for 8 each.
        AssertFault("ranks away", ChangeItems(2 + BaseCount + 1024, 1024, -5000));
        AssertFault("ranks away", ChangeItems(2 + BaseCount, 1024, 5999));
        AssertFault("not in order", ChangeItems(2 + BaseCount + 1024 + 500, 1, -5000));
        AssertFault("no row has", ChangeItems(2, 1, 6000));
        AssertFault("extremes", ChangeItems(1, 1, 5998));

        void AssertFault(string text, Action<byte[]> damage)
        {
            var violation = Assert.Single(Check(FieldType.Long, "LongType", set => set.Update(0, Values), numbers, damage));
            Assert.Equal("I10", violation.Id);
            Assert.Contains(text, violation.Text, StringComparison.Ordinal);
        }
    }

    private static Action<byte[]> ChangeItems(int first, int count, long value) => bytes =>
    {
        for (int i = first; i < first + count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(FirstItem + (8 * i)), value);
        }
    };

    private static List<Violation> Check(
        FieldType type, string typeName, Action<SketchSet> update, IReadOnlyList<string> keys, Action<byte[]>? damage = null)
    {
        var set = new SketchSet(Schema.Create().RowKey("key", type).Build());
        update(set);
        byte[] file = set.ToArray(Count);
        damage?.Invoke(file);
        return [.. SketchCheck.Check("sketches", file, [new CheckedField("key", typeName)], [.. keys.Select(k => new[] { k })])];
    }
}
