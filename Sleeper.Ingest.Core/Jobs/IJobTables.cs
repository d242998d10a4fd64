namespace Sleeper.Ingest.Core.Jobs;

/// <summary>The tables that jobs may name.</summary>
public interface IJobTables
{
    /// <summary>Finds a table by its id if one is given, else by its name. An id that is not known is not looked for by name.</summary>
    /// <returns>Null if there is no such table, or neither is given.</returns>
    /// <exception cref="IngestException">The tables could not be asked.</exception>
    Task<JobTable?> FindAsync(string? tableId, string? tableName, CancellationToken cancellationToken = default);
}
