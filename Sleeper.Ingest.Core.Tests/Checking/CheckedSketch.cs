using System.Buffers.Binary;
using System.Numerics;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A quantiles sketch of one row key as its image has it. Values are texts whose ordinal order is Java's order of the values.</summary>
/// <param name="K">Half the capacity of the base buffer.</param>
/// <param name="Count">How many values it counts.</param>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
/// <param name="Base">Values that stand for themselves.</param>
/// <param name="Levels">K values each; one of level i stands for 2^(i+1). Levels that are not full are empty.</param>
internal sealed record CheckedSketch(int K, long Count, string Min, string Max, IReadOnlyList<string> Base, IReadOnlyList<IReadOnlyList<string>> Levels)
{
    /// <exception cref="FormatException">It is no sketch, or ends too early or too late.</exception>
    public static CheckedSketch Read(ReadOnlySpan<byte> image, CheckedField field)
    {
        if (image.Length < 8 || image[1] != 3 || image[2] != 8 || (image[3] & 0x09) != 0x08)
        {
            throw new FormatException("it is no compact quantiles sketch of version 3.");
        }

        int k = BinaryPrimitives.ReadUInt16LittleEndian(image[4..]);
        bool isEmpty = (image[3] & 4) != 0;
        if (!BitOperations.IsPow2(k) || image[0] != (isEmpty ? 1 : 2) || (isEmpty ? image.Length != 8 : image.Length < 16))
        {
            throw new FormatException($"K is {k}, and it has {image[0]} words of a preamble and {image.Length} bytes.");
        }

        return isEmpty ? new CheckedSketch(k, 0, "", "", [], []) : ReadItems(image[16..], field, k, BinaryPrimitives.ReadInt64LittleEndian(image[8..]));
    }

    private static CheckedSketch ReadItems(ReadOnlySpan<byte> items, CheckedField field, int k, long count)
    {
        var values = new List<string>();
        while (items.Length > 0)
        {
            int header = field.IsNumber ? 0 : 4;
            int length = field.IsNumber ? 8 : items.Length < 4 ? int.MaxValue : BinaryPrimitives.ReadInt32LittleEndian(items);
            if (length < 0 || length > items.Length - header)
            {
                throw new FormatException($"item {values.Count} is cut off.");
            }

            values.Add(KeyText.OfSketchItem(field, items.Slice(header, length)));
            items = items[(header + length)..];
        }

        int baseCount = (int)(count % (2 * k));
        long bits = count / (2 * k);
        if (count <= 0 || values.Count != 2 + baseCount + ((long)k * BitOperations.PopCount((ulong)bits)))
        {
            throw new FormatException($"{values.Count} items are not those of {count} values.");
        }

        var levels = new List<IReadOnlyList<string>>();
        int next = 2 + baseCount;
        for (; bits != 0; bits >>= 1)
        {
            levels.Add((bits & 1) == 0 ? [] : values.GetRange(next, k));
            next += levels[^1].Count;
        }

        return new CheckedSketch(k, count, values[0], values[1], values.GetRange(2, baseCount), levels);
    }

    /// <summary>The values that it kept, in order, and for how many each stands.</summary>
    public List<(string Value, long Weight)> Weighted() =>
        [.. Base.Select(v => (v, 1L)).Concat(Levels.SelectMany((level, i) => level.Select(v => (v, 2L << i)))).OrderBy(v => v.Item1, StringComparer.Ordinal)];
}
