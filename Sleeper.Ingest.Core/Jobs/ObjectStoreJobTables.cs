using System.Collections.Concurrent;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>All tables of a folder or a bare bucket.</summary>
public sealed class ObjectStoreJobTables : IJobTables
{
    private readonly IObjectStore _store;
    private readonly ConcurrentDictionary<string, string> _nameOfId = new(StringComparer.Ordinal);

    /// <summary>The tables of a store.</summary>
    public ObjectStoreJobTables(IObjectStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
    }

    /// <inheritdoc/>
    public async Task<JobTable?> FindAsync(string? tableId, string? tableName, CancellationToken cancellationToken = default)
    {
        if (tableId is null)
        {
            return tableName is null ? null : await OpenAsync(tableName, cancellationToken).ConfigureAwait(false);
        }

        if (_nameOfId.TryGetValue(tableId, out string? known)
            && await OpenAsync(known, cancellationToken).ConfigureAwait(false) is { } table && table.Id == tableId)
        {
            return table;
        }

        // A copied table has the id of the first one: the first by name is meant.
        await foreach (string name in TableCatalog.ListAsync(_store, cancellationToken).ConfigureAwait(false))
        {
            if (await OpenAsync(name, cancellationToken).ConfigureAwait(false) is { } found)
            {
                _nameOfId.TryAdd(found.Id, name);
                if (found.Id == tableId)
                {
                    return found;
                }
            }
        }

        return null;
    }

    private async Task<JobTable?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        if (!TablePaths.IsTableName(name))
        {
            return null;
        }

        var paths = new TablePaths(name);
        var bytes = await SmallObjects.ReadAsync(_store, paths.Properties, cancellationToken).ConfigureAwait(false);
        if (bytes is null || await _store.HeadAsync(paths.LogEntry(LogKind.Partitions, 1), cancellationToken).ConfigureAwait(false) is null)
        {
            return null;
        }

        var properties = TableProperties.Read(bytes.Value, $"'{paths.Properties}' in '{_store.Name}'");
        return new JobTable
        {
            Id = properties.TableId,
            Name = name,
            Schema = properties.Schema,
            Open = factory => factory.UseObjectStore(_store).WithTable(name),
        };
    }
}
