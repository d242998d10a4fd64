namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>A column of a schema, with the columns inside it.</summary>
/// <param name="Name">Its name. That of a list's child says nothing.</param>
/// <param name="Type">What its values are.</param>
/// <param name="Children">One for a list, any number for a struct, none otherwise.</param>
internal sealed record ArrowField(string Name, ArrowType Type, params IReadOnlyList<ArrowField> Children)
{
    /// <summary>Throws unless columns are those expected, in order.</summary>
    /// <exception cref="ArrowFormatException">A column is missing, is another one, or is of another type.</exception>
    public static void RequireSame(IReadOnlyList<ArrowField> expected, IReadOnlyList<ArrowField> found, string place = "")
    {
        if (found.Count != expected.Count)
        {
            throw new ArrowFormatException(
                $"{(place.Length == 0 ? "The schema" : $"The column '{place}'")} has {found.Count} columns [{string.Join(", ", found.Select(f => f.Name))}], but {expected.Count} are expected: "
                + $"[{string.Join(", ", expected.Select(f => f.Name))}].");
        }

        for (int i = 0; i < expected.Count; i++)
        {
            string path = place.Length == 0 ? expected[i].Name : $"{place}.{expected[i].Name}";
            bool isNamed = expected[i].Name.Length > 0;
            if ((isNamed && found[i].Name != expected[i].Name) || found[i].Type != expected[i].Type)
            {
                throw new ArrowFormatException($"The column '{found[i].Name}' of type {found[i].Type} was found where '{path}' of type {expected[i].Type} is expected.");
            }

            RequireSame(expected[i].Children, found[i].Children, path);
        }
    }
}
