namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>DuckDB in this process, as a referee: what does another engine find in the files that we wrote?</summary>
/// <remarks>
/// Every call has a connection of its own to one database in memory, so tables made by <see cref="ExecuteAsync"/> are shared by all tests:
/// prefer queries over files. Values come as DuckDB prints them (<c>CAST(x AS VARCHAR)</c>): bytes as <c>\xAB</c>, lists as <c>[1, 2]</c>,
/// null as null. Results keep the order of an <c>ORDER BY</c>, or of the file.
/// </remarks>
internal static class DuckDb
{
    private static readonly Lazy<DuckDbDatabase> Database = new(OpenDatabase);

    /// <summary>The rows of a query, each value as text.</summary>
    public static async Task<List<string?[]>> QueryAsync(string sql)
    {
        await NodeTools.RequireAsync();
        return Run($"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({sql.TrimEnd().TrimEnd(';')}) AS asked", collect: true);
    }

    /// <summary>The only value of a query's only row.</summary>
    public static async Task<string?> ScalarAsync(string sql)
    {
        var rows = await QueryAsync(sql);
        Assert.True(rows is [[_]], $"One row of one value was expected from: {sql}");
        return rows[0][0];
    }

    /// <summary>The only value of a query's only row, as a number.</summary>
    public static async Task<long> CountAsync(string sql) =>
        long.Parse(await ScalarAsync(sql) ?? throw new InvalidOperationException($"Null from: {sql}"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Runs a statement for its effect, such as <c>COPY</c>.</summary>
    public static async Task ExecuteAsync(string sql)
    {
        await NodeTools.RequireAsync();
        Run(sql, collect: false);
    }

    /// <summary>A text as an SQL literal, for example a path.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static List<string?[]> Run(string sql, bool collect)
    {
        using DuckDbConnection connection = Database.Value.Connect();
        return connection.Run(sql, collect);
    }

    private static DuckDbDatabase OpenDatabase()
    {
        var database = new DuckDbDatabase(DuckDbLibrary.PathIn(NodeTools.ModulesFolder));
        using DuckDbConnection connection = database.Connect();
        foreach (string setting in (string[])["SET threads = 2", "SET memory_limit = '2GB'", "SET autoinstall_known_extensions = false"])
        {
            connection.Run(setting, collect: false);
        }

        return database;
    }
}
