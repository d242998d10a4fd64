using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A connection to a <see cref="DuckDbDatabase"/>: one statement at a time.</summary>
internal sealed unsafe class DuckDbConnection(DuckDbLibrary library, nint connection) : IDisposable
{
    /// <summary>The <c>duckdb_connection</c>, for entries that are not used here.</summary>
    public nint Handle => connection;

    /// <summary>Runs a statement; if asked for, gives its rows, whose columns must be text.</summary>
    /// <exception cref="InvalidOperationException">DuckDB refuses it; the message is DuckDB's.</exception>
    public List<string?[]> Run(string sql, bool collect)
    {
        DuckDbLibrary.Result result;
        byte* text = (byte*)Marshal.StringToCoTaskMemUTF8(sql);
        try
        {
            if (library.Query(connection, text, &result) != 0)
            {
                throw new InvalidOperationException($"DuckDB: {Marshal.PtrToStringUTF8((nint)library.ResultError(&result))} In: {sql}");
            }

            return collect ? Collect(&result) : [];
        }
        finally
        {
            library.DestroyResult(&result);
            Marshal.FreeCoTaskMem((nint)text);
        }
    }

    public void Dispose()
    {
        nint closed = connection;
        library.Disconnect(&closed);
    }

    private List<string?[]> Collect(DuckDbLibrary.Result* result)
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
                CopyColumn(library.ChunkVector(chunk, (ulong)column), CollectionsMarshal.AsSpan(rows)[first..], column);
            }

            library.DestroyChunk(&chunk);
        }
    }

    private void CopyColumn(nint vector, Span<string?[]> rows, int column)
    {
        var values = (DuckDbLibrary.Text*)library.VectorData(vector);
        ulong* validity = library.VectorValidity(vector);
        for (int i = 0; i < rows.Length; i++)
        {
            bool isValid = validity is null || (validity[i / 64] >> (i % 64) & 1) != 0;
            rows[i][column] = isValid ? DuckDbLibrary.Text.ToString(values + i) : null;
        }
    }
}
