using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The few entries of DuckDB's C interface that the tests need, loaded by path from the npm package.</summary>
/// <remarks>Function pointers, not a resolver: an assembly can have one resolver only, and it is not ours to take.</remarks>
internal sealed unsafe class DuckDbLibrary
{
    /// <summary>Loads it.</summary>
    public DuckDbLibrary(string path)
    {
        nint library = NativeLibrary.Load(path);
        Open = (delegate* unmanaged<byte*, nint*, int>)NativeLibrary.GetExport(library, "duckdb_open");
        Connect = (delegate* unmanaged<nint, nint*, int>)NativeLibrary.GetExport(library, "duckdb_connect");
        Disconnect = (delegate* unmanaged<nint*, void>)NativeLibrary.GetExport(library, "duckdb_disconnect");
        Query = (delegate* unmanaged<nint, byte*, Result*, int>)NativeLibrary.GetExport(library, "duckdb_query");
        DestroyResult = (delegate* unmanaged<Result*, void>)NativeLibrary.GetExport(library, "duckdb_destroy_result");
        ResultError = (delegate* unmanaged<Result*, byte*>)NativeLibrary.GetExport(library, "duckdb_result_error");
        ColumnCount = (delegate* unmanaged<Result*, ulong>)NativeLibrary.GetExport(library, "duckdb_column_count");
        FetchChunk = (delegate* unmanaged<Result, nint>)NativeLibrary.GetExport(library, "duckdb_fetch_chunk");
        DestroyChunk = (delegate* unmanaged<nint*, void>)NativeLibrary.GetExport(library, "duckdb_destroy_data_chunk");
        ChunkSize = (delegate* unmanaged<nint, ulong>)NativeLibrary.GetExport(library, "duckdb_data_chunk_get_size");
        ChunkVector = (delegate* unmanaged<nint, ulong, nint>)NativeLibrary.GetExport(library, "duckdb_data_chunk_get_vector");
        VectorData = (delegate* unmanaged<nint, void*>)NativeLibrary.GetExport(library, "duckdb_vector_get_data");
        VectorValidity = (delegate* unmanaged<nint, ulong*>)NativeLibrary.GetExport(library, "duckdb_vector_get_validity");
    }

    public delegate* unmanaged<byte*, nint*, int> Open { get; }

    public delegate* unmanaged<nint, nint*, int> Connect { get; }

    public delegate* unmanaged<nint*, void> Disconnect { get; }

    public delegate* unmanaged<nint, byte*, Result*, int> Query { get; }

    public delegate* unmanaged<Result*, void> DestroyResult { get; }

    public delegate* unmanaged<Result*, byte*> ResultError { get; }

    public delegate* unmanaged<Result*, ulong> ColumnCount { get; }

    public delegate* unmanaged<Result, nint> FetchChunk { get; }

    public delegate* unmanaged<nint*, void> DestroyChunk { get; }

    public delegate* unmanaged<nint, ulong> ChunkSize { get; }

    public delegate* unmanaged<nint, ulong, nint> ChunkVector { get; }

    public delegate* unmanaged<nint, void*> VectorData { get; }

    public delegate* unmanaged<nint, ulong*> VectorValidity { get; }

    private static string Platform =>
        (OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux")
        + (RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "-arm64" : "-x64");

    private static string FileName =>
        OperatingSystem.IsWindows() ? "duckdb.dll" : OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";

    /// <summary>Where the npm package has it.</summary>
    public static string PathIn(string modulesFolder) => Path.Combine(modulesFolder, "@duckdb", $"node-bindings-{Platform}", FileName);

    /// <summary><c>duckdb_result</c>: six words, passed by value or by address as the header says.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Result
    {
        private readonly ulong _columnCount;
        private readonly ulong _rowCount;
        private readonly ulong _rowsChanged;
        private readonly nint _columns;
        private readonly nint _errorMessage;
        private readonly nint _internalData;
    }

    /// <summary><c>duckdb_string_t</c>: length, then up to 12 bytes in place, or 4 bytes of prefix and an address.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    internal struct Text
    {
        [FieldOffset(0)]
        private readonly int _length;

        [FieldOffset(8)]
        private readonly byte* _address;

        public static string ToString(Text* text) =>
            System.Text.Encoding.UTF8.GetString(text->_length <= 12 ? (byte*)text + 4 : text->_address, text->_length);
    }
}
