using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Which fields are read from data files, and which of these are given. Immutable.</summary>
/// <param name="Schema">The fields of the rows that are given.</param>
/// <param name="ReadFields">Positions in the table's schema: all keys, since the order needs them, then the chosen values.</param>
/// <param name="SourceOfValues">For each field that is given, its place among those that are read.</param>
internal sealed record FieldProjection(Schema Schema, IReadOnlyList<int> ReadFields, IReadOnlyList<int> SourceOfValues)
{
    public static FieldProjection Everything(Schema schema)
    {
        int[] all = [.. Enumerable.Range(0, schema.AllFields.Count)];
        return new FieldProjection(schema, all, all);
    }

    /// <summary>The fields of these names.</summary>
    /// <exception cref="ArgumentException">The schema has no such field, or none is named.</exception>
    public static FieldProjection Of(Schema schema, IReadOnlyList<string> names)
    {
        string[] unknown = [.. names.Where(name => schema.IndexOf(name) < 0).Distinct(StringComparer.Ordinal)];
        if (unknown.Length > 0 || names.Count == 0)
        {
            throw new ArgumentException(
                $"{(names.Count == 0 ? "No field is chosen" : $"There is no field {string.Join(", ", unknown.Select(name => $"'{name}'"))} to choose")}. The table's fields are "
                + $"{string.Join(", ", schema.AllFields.Select(f => $"'{f.Name}'"))}; names are case-sensitive.");
        }

        int[] chosen = [.. names.Select(schema.IndexOf).Distinct().Order()];
        int[] read = [.. Enumerable.Range(0, schema.KeyFieldCount), .. chosen.Where(index => index >= schema.KeyFieldCount)];
        return new FieldProjection(schema.Select(chosen), read, [.. chosen.Select(index => Array.IndexOf(read, index))]);
    }
}
