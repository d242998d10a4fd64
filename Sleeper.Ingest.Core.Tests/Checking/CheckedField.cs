namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A field as <c>table.properties</c> names it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type's name in Sleeper's schema; the checker's tables have none of lists and maps.</param>
internal sealed record CheckedField(string Name, string Type)
{
    public bool IsNumber => Type is "IntType" or "LongType";

    public string Column => $"\"{Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The value in SQL: digits of a number, or hexadecimal digits.</summary>
    public string Sql => IsNumber ? $"{Column}::VARCHAR" : $"lower(hex({Column}))";

    /// <summary>The value in SQL, as <see cref="Support.RowText"/> writes it.</summary>
    public string RowTextSql => $"coalesce({(IsNumber ? Sql : $"'\"' || {Sql} || '\"'")}, 'null')";
}
