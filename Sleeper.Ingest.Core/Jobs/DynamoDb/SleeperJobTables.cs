using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>All tables of a deployed instance, online or not. Jobs commit as their tables ask: by the worker itself, or through the instance's committer.</summary>
public sealed class SleeperJobTables : IJobTables
{
    private readonly SleeperInstance _instance;

    /// <summary>The tables of an instance.</summary>
    /// <param name="instance">The caller's own: it is not disposed of.</param>
    public SleeperJobTables(SleeperInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        _instance = instance;
    }

    /// <inheritdoc/>
    public async Task<JobTable?> FindAsync(string? tableId, string? tableName, CancellationToken cancellationToken = default)
    {
        // A key of the index cannot be empty: there is no such table.
        if (string.IsNullOrWhiteSpace(tableId ?? tableName))
        {
            return null;
        }

        var found = await _instance.FindTableAsync(tableId, tableName, cancellationToken).ConfigureAwait(false);
        return found is null
            ? null
            : new JobTable { Id = found.Id, Name = found.Name, Schema = found.Schema, Open = factory => factory.UseSleeperInstance(_instance).WithTable(found.Name) };
    }
}
