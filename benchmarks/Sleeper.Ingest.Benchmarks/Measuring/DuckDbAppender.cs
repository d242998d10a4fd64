using System.Runtime.InteropServices;
using System.Text;
using Sleeper.Ingest.Benchmarks.Jobs;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Rows of S128 into DuckDB, as its documentation advises for speed: data chunks of its own vectors, filled here and appended whole.</summary>
/// <param name="libraryPath">libduckdb, as the connection has it.</param>
/// <param name="connection">Where to.</param>
internal sealed unsafe class DuckDbAppender(string libraryPath, DuckDbConnection connection)
{
    private const int BigInt = 5; // DUCKDB_TYPE_BIGINT
    private const int Varchar = 17; // DUCKDB_TYPE_VARCHAR

    private readonly nint _library = NativeLibrary.Load(libraryPath);

    /// <summary>Appends rows to a table of (VARCHAR, BIGINT, VARCHAR).</summary>
    public void Append(string table, ReadOnlySpan<S128Row> rows)
    {
        nint appender;
        byte* name = (byte*)Marshal.StringToCoTaskMemUTF8(table);
        nint* types = stackalloc nint[] { NewType(Varchar), NewType(BigInt), NewType(Varchar) };
        nint chunk = ((delegate* unmanaged<nint*, ulong, nint>)Entry("duckdb_create_data_chunk"))(types, 3);
        try
        {
            Check(((delegate* unmanaged<nint, byte*, byte*, nint*, int>)Entry("duckdb_appender_create"))(connection.Handle, null, name, &appender), "make an appender");
            AppendChunks(appender, chunk, rows);
            Check(((delegate* unmanaged<nint*, int>)Entry("duckdb_appender_destroy"))(&appender), "append rows");
        }
        finally
        {
            ((delegate* unmanaged<nint*, void>)Entry("duckdb_destroy_data_chunk"))(&chunk);
            for (int i = 0; i < 3; i++)
            {
                ((delegate* unmanaged<nint*, void>)Entry("duckdb_destroy_logical_type"))(types + i);
            }

            Marshal.FreeCoTaskMem((nint)name);
        }
    }

    private void AppendChunks(nint appender, nint chunk, ReadOnlySpan<S128Row> rows)
    {
        var reset = (delegate* unmanaged<nint, void>)Entry("duckdb_data_chunk_reset");
        var vectorOf = (delegate* unmanaged<nint, ulong, nint>)Entry("duckdb_data_chunk_get_vector");
        var dataOf = (delegate* unmanaged<nint, void*>)Entry("duckdb_vector_get_data");
        var assign = (delegate* unmanaged<nint, ulong, byte*, ulong, void>)Entry("duckdb_vector_assign_string_element_len");
        var setSize = (delegate* unmanaged<nint, ulong, void>)Entry("duckdb_data_chunk_set_size");
        var append = (delegate* unmanaged<nint, nint, int>)Entry("duckdb_append_data_chunk");
        int capacity = (int)((delegate* unmanaged<ulong>)Entry("duckdb_vector_size"))();
        Span<byte> text = stackalloc byte[64];
        while (rows.Length > 0)
        {
            reset(chunk);
            nint keys = vectorOf(chunk, 0);
            long* timestamps = (long*)dataOf(vectorOf(chunk, 1));
            nint values = vectorOf(chunk, 2);
            int count = Math.Min(capacity, rows.Length);
            fixed (byte* bytes = text)
            {
                for (int i = 0; i < count; i++)
                {
                    ref readonly var row = ref rows[i];
                    assign(keys, (ulong)i, bytes, (ulong)Encoding.UTF8.GetBytes(row.Key, text));
                    timestamps[i] = row.Timestamp;
                    assign(values, (ulong)i, bytes, (ulong)Encoding.UTF8.GetBytes(row.Value, text));
                }
            }

            setSize(chunk, (ulong)count);
            Check(append(appender, chunk), "append rows");
            rows = rows[count..];
        }
    }

    private nint NewType(int type) => ((delegate* unmanaged<int, nint>)Entry("duckdb_create_logical_type"))(type);

    private nint Entry(string name) => NativeLibrary.GetExport(_library, name);

    private static void Check(int state, string what)
    {
        if (state != 0)
        {
            throw new InvalidOperationException($"DuckDB could not {what}.");
        }
    }
}
