using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>DuckDB in this process, as a referee: what does another engine find in the files that we wrote?</summary>
/// <remarks>
/// Every call has a connection of its own to one database in memory, so tables made by <see cref="ExecuteAsync"/> are shared by all tests:
/// prefer queries over files. Values come as DuckDB prints them (<c>CAST(x AS VARCHAR)</c>): bytes as <c>\xAB</c>, lists as <c>[1, 2]</c>,
/// null as null. Results keep the order of an <c>ORDER BY</c>, or of the file.
/// </remarks>
internal static class DuckDb
{
    private static readonly Lazy<nint> Database = new(OpenDatabase);

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

    private static unsafe List<string?[]> Run(string sql, bool collect)
    {
        var library = DuckDbLibrary.Instance;
        nint connection;
        if (library.Connect(Database.Value, &connection) != 0)
        {
            throw new InvalidOperationException("DuckDB gave no connection.");
        }

        try
        {
            return RunOn(library, connection, sql, collect);
        }
        finally
        {
            library.Disconnect(&connection);
        }
    }

    private static unsafe List<string?[]> RunOn(DuckDbLibrary library, nint connection, string sql, bool collect)
    {
        DuckDbLibrary.Result result;
        byte* text = (byte*)Marshal.StringToCoTaskMemUTF8(sql);
        try
        {
            if (library.Query(connection, text, &result) != 0)
            {
                throw new InvalidOperationException($"DuckDB: {Marshal.PtrToStringUTF8((nint)library.ResultError(&result))} In: {sql}");
            }

            return collect ? Collect(library, &result) : [];
        }
        finally
        {
            library.DestroyResult(&result);
            Marshal.FreeCoTaskMem((nint)text);
        }
    }

    private static unsafe List<string?[]> Collect(DuckDbLibrary library, DuckDbLibrary.Result* result)
    {
        var rows = new List<string?[]>();
        int columnCount = (int)library.ColumnCount(result);
        while (true)
        {
            nint chunk = library.FetchChunk(*result);
            if (chunk == 0)
            {
                return rows;
            }

            int rowCount = (int)library.ChunkSize(chunk);
            int first = rows.Count;
            for (int i = 0; i < rowCount; i++)
            {
                rows.Add(new string?[columnCount]);
            }

            for (int column = 0; column < columnCount; column++)
            {
                CopyColumn(library, library.ChunkVector(chunk, (ulong)column), CollectionsMarshal.AsSpan(rows)[first..], column);
            }

            library.DestroyChunk(&chunk);
        }
    }

    private static unsafe void CopyColumn(DuckDbLibrary library, nint vector, Span<string?[]> rows, int column)
    {
        var values = (DuckDbLibrary.Text*)library.VectorData(vector);
        ulong* validity = library.VectorValidity(vector);
        for (int i = 0; i < rows.Length; i++)
        {
            bool isValid = validity is null || (validity[i / 64] >> (i % 64) & 1) != 0;
            rows[i][column] = isValid ? DuckDbLibrary.Text.ToString(values + i) : null;
        }
    }

    private static unsafe nint OpenDatabase()
    {
        nint database;
        if (DuckDbLibrary.Instance.Open(null, &database) != 0)
        {
            throw new InvalidOperationException("DuckDB did not open a database in memory.");
        }

        nint connection;
        DuckDbLibrary.Instance.Connect(database, &connection);
        foreach (string setting in (string[])["SET threads = 2", "SET memory_limit = '2GB'", "SET autoinstall_known_extensions = false"])
        {
            RunOn(DuckDbLibrary.Instance, connection, setting, collect: false);
        }

        DuckDbLibrary.Instance.Disconnect(&connection);
        return database;
    }
}
