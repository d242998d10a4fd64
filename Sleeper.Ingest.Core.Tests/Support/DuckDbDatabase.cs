namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A database of DuckDB in memory, in this process.</summary>
internal sealed unsafe class DuckDbDatabase
{
    private readonly DuckDbLibrary _library;
    private readonly nint _database;

    /// <summary>Opens it with the library at a path: <see cref="DuckDbLibrary.PathIn"/>.</summary>
    public DuckDbDatabase(string libraryPath)
    {
        _library = new DuckDbLibrary(libraryPath);
        nint database;
        if (_library.Open(null, &database) != 0)
        {
            throw new InvalidOperationException("DuckDB did not open a database in memory.");
        }

        _database = database;
    }

    /// <summary>Settings of a connection go with it.</summary>
    public DuckDbConnection Connect()
    {
        nint connection;
        return _library.Connect(_database, &connection) == 0
            ? new DuckDbConnection(_library, connection)
            : throw new InvalidOperationException("DuckDB gave no connection.");
    }
}
