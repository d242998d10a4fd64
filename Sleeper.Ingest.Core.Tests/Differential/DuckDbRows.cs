namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>Rows that DuckDB makes: each value is a function of the row's number, its place in the row and a salt, so that the same query gives the same rows again.</summary>
internal sealed class DuckDbRows(Random random, IReadOnlyList<NestedType> columns, int rowCount)
{
    private readonly int _nullEvery = random.Next(2, 10);
    private readonly string _distinct = random.Next(3) switch { 0 => "3", 1 => "40", _ => "18446744073709551615" };
    private int _salt = random.Next(1_000_000);
    private string? _query;

    /// <summary>The query for the rows.</summary>
    public string Query => _query ??=
        $"SELECT {string.Join(", ", columns.Select(column => $"{Sql(column, "r", 0)} AS {NestedText.Quote(column.Name)}"))} FROM range({rowCount}) AS made(r)";

    private string Sql(NestedType type, string place, int depth)
    {
        string value = type.Kind switch
        {
            NestedKind.Leaf => type.Leaf!.Value(Bits(place)),
            NestedKind.Struct => $"{{{string.Join(", ", type.Children.Select(child => $"'{child.Name}': {Sql(child, place, depth)}"))}}}",
            NestedKind.List => ListSql(place, depth, (item, inner) => Sql(type.Children[0], inner, depth + 1)),
            _ => $"map_from_entries({ListSql(place, depth, (item, inner) => $"{{'k': {KeySql(type.Children[0], place, item)}, 'v': {Sql(type.Children[1], inner, depth + 1)}}}")})",
        };
        return type.IsNullable ? $"CASE WHEN hash({place}, {++_salt}) % {_nullEvery} > 0 THEN {value} END" : value;
    }

    private string ListSql(string place, int depth, Func<string, string, string> element)
    {
        string item = $"i{depth}";
        return $"list_transform(range((hash({place}, {++_salt}) % CASE WHEN hash({place}, {++_salt}) % 40 = 0 THEN 100 ELSE 5 END)::BIGINT), lambda {item}: {element(item, $"{place}, {item}")})";
    }

    /// <summary>Keys of one map differ: small numbers that only the place in the map decides, behind a start that the row does.</summary>
    private string KeySql(NestedType key, string place, string item) => key.Leaf!.Value($"(hash({place}, {++_salt}) % 1000 * 128 + {item})::UBIGINT");

    private string Bits(string place) => $"(hash(hash({place}, {++_salt}) % {_distinct}))";
}
