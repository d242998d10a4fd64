using System.Buffers.Binary;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Computes anew what the sketches of a file say of its row keys (I10); a file that cannot be parsed breaks I6.</summary>
internal static class SketchCheck
{
    /// <summary>Ranks that are asked for.</summary>
    private const int Ranks = 64;

    /// <param name="name">For messages.</param>
    /// <param name="file">The sketches file.</param>
    /// <param name="rowKeys">The fields.</param>
    /// <param name="rows">For each row of the data file its row keys as <see cref="KeyText"/>.</param>
    public static IEnumerable<Violation> Check(string name, byte[] file, IReadOnlyList<CheckedField> rowKeys, IReadOnlyList<string[]> rows)
    {
        int position = 0;
        for (int i = 0; i < rowKeys.Count; i++)
        {
            int length = file.Length - position < 4 ? -1 : BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(position));
            if (length < 0 || length > file.Length - position - 4)
            {
                yield return new Violation("I6", $"{name} ends within the sketch of {rowKeys[i].Name}.");
                yield break;
            }

            var (sketch, problem) = Read(file.AsSpan(position + 4, length), rowKeys[i]);
            if (sketch is null)
            {
                yield return new Violation("I6", $"{name}, the sketch of {rowKeys[i].Name}: {problem}");
                yield break;
            }

            string[] values = [.. rows.Select(row => KeyText.OfSketch(rowKeys[i], row[i])).Order(StringComparer.Ordinal)];
            if (Fault(sketch, values) is { } fault)
            {
                yield return new Violation("I10", $"{name}, the sketch of {rowKeys[i].Name}: {fault}");
            }

            position += 4 + length;
        }

        if (position < file.Length)
        {
            yield return new Violation("I6", $"{name} has {file.Length - position} bytes after its last sketch.");
        }
    }

    private static (CheckedSketch? Sketch, string? Problem) Read(ReadOnlySpan<byte> image, CheckedField field)
    {
        try
        {
            return (CheckedSketch.Read(image, field), null);
        }
        catch (FormatException e)
        {
            return (null, e.Message);
        }
    }

    private static string? Fault(CheckedSketch sketch, string[] values)
    {
        if (sketch.Count != values.Length)
        {
            return $"it counts {sketch.Count} values of {values.Length} rows.";
        }

        if (values.Length == 0)
        {
            return null;
        }

        if (sketch.Min != values[0] || sketch.Max != values[^1])
        {
            return $"its extremes {sketch.Min} and {sketch.Max} are not those of the rows, {values[0]} and {values[^1]}.";
        }

        var kept = sketch.Weighted();
        if (kept.FirstOrDefault(v => Array.BinarySearch(values, v.Value, StringComparer.Ordinal) < 0).Value is { } foreign)
        {
            return $"it has kept {foreign}, which no row has.";
        }

        int unsorted = sketch.Levels.ToList().FindIndex(level => !level.SequenceEqual(level.Order(StringComparer.Ordinal)));
        return unsorted >= 0 ? $"its level {unsorted} is not in order."
            : sketch.Levels.Count == 0 ? kept.Select(v => v.Value).SequenceEqual(values) ? null : "it is small enough to have kept every value, and has not."
            : QuantileFault(sketch, kept, values);
    }

    /// <summary>
    /// The format's authors state an error of rank of 1.576 / K^0.9726, which 99 in 100 answers keep. Thrice as much is out of reach by chance.
    /// </summary>
    private static string? QuantileFault(CheckedSketch sketch, List<(string Value, long Weight)> kept, string[] values)
    {
        double allowed = 3 * 1.576 / Math.Pow(sketch.K, 0.9726) * values.Length;
        int next = 0;
        long before = 0;
        for (int i = 1; i < Ranks; i++)
        {
            long position = (long)values.Length * i / Ranks;
            for (; before + kept[next].Weight <= position; next++)
            {
                before += kept[next].Weight;
            }

            // Equal values have a range of ranks.
            string quantile = kept[next].Value;
            if (CountBelow(values, quantile, andEqual: true) - 1 < position - allowed || CountBelow(values, quantile, andEqual: false) > position + allowed)
            {
                return $"at {i}/{Ranks} of its {values.Length} values it has {quantile}, which is more than {allowed:F0} ranks away.";
            }
        }

        return null;
    }

    private static int CountBelow(string[] values, string value, bool andEqual)
    {
        var (low, high) = (0, values.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            int order = string.CompareOrdinal(values[middle], value);
            (low, high) = order < 0 || (order == 0 && andEqual) ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
