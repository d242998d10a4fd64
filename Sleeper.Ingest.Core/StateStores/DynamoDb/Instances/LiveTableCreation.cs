using System.Text;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>Makes a table in a deployed instance as the original does: its properties, then its place in the index, then its partitions.</summary>
/// <remarks>
/// A table is in the index or not: one transaction over three DynamoDB tables. Properties without it are of no table and are removed if they can be. A table that is in
/// the index and has no partitions was not made to its end; whoever makes it again, with the same schema, goes on from there.
/// </remarks>
internal sealed class LiveTableCreation(
    ConfigBucket config, TableIndex index, InstanceProperties instance, RandomBytes random, TimeProvider time, Func<IndexedTable, CancellationToken, Task<LiveTable>> openAsync)
{
    /// <summary>Makes it, with a tree.</summary>
    /// <exception cref="TableExistsException">There is one of its name.</exception>
    /// <exception cref="UnsupportedTableException">A property has a value that it may not have.</exception>
    public async Task<LiveTable> CreateAsync(
        string name, Schema schema, PartitionTree tree, IReadOnlyDictionary<string, string> properties, CancellationToken cancellationToken)
    {
        var found = await index.FindByNameAsync(name, cancellationToken).ConfigureAwait(false);
        if (found is not null)
        {
            return await FinishAsync(found, schema, tree, cancellationToken).ConfigureAwait(false);
        }

        var table = new IndexedTable(NewId(), name, IsOnline(properties));
        string path = LiveTableProperties.PathOf(table.Id);
        var all = new Dictionary<string, string>(properties, StringComparer.Ordinal)
        {
            [TableProperty.Id.Name] = table.Id,
            [TableProperty.Name.Name] = name,
            [TableProperty.Schema.Name] = schema.ToJson(),
        };
        LiveTableProperties.Of(all, config.PlaceOf(path), instance);
        await config.PutAsync(path, Encoding.UTF8.GetBytes(PropertiesText.WriteAsJava(time.GetUtcNow(), all)), cancellationToken).ConfigureAwait(false);
        if (!await AddAsync(table, cancellationToken).ConfigureAwait(false))
        {
            await config.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
            throw new TableExistsException(name, $"the instance '{instance.Id}'");
        }

        var live = await openAsync(table, cancellationToken).ConfigureAwait(false);
        await live.StateStore.InitialisePartitionsAsync(tree, cancellationToken).ConfigureAwait(false);
        return live;
    }

    private static bool IsOnline(IReadOnlyDictionary<string, string> properties) =>
        !properties.TryGetValue(TableProperty.Online.Name, out string? online) || online.Length == 0 || "true".Equals(online, StringComparison.OrdinalIgnoreCase);

    /// <summary>A table of that name whose making broke off before its partitions is made to its end.</summary>
    private async Task<LiveTable> FinishAsync(IndexedTable found, Schema schema, PartitionTree tree, CancellationToken cancellationToken)
    {
        var live = await openAsync(found, cancellationToken).ConfigureAwait(false);
        if (!live.Properties.Schema.Equals(schema) || await live.StateStore.HasEntriesAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new TableExistsException(found.Name, $"the instance '{instance.Id}'");
        }

        await live.StateStore.InitialisePartitionsAsync(tree, cancellationToken).ConfigureAwait(false);
        return live;
    }

    /// <summary>True if the table is in the index, also if the answer to the transaction was lost.</summary>
    private async Task<bool> AddAsync(IndexedTable table, CancellationToken cancellationToken)
    {
        try
        {
            if (await index.AddAsync(table, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }
        catch (IngestException e) when (e.IsRetryable)
        {
            if (await index.FindByIdAsync(table.Id, cancellationToken).ConfigureAwait(false) is not null)
            {
                return true;
            }

            throw;
        }

        // A request that was sent twice is refused the second time: the id is random, so what is there under it is ours.
        return await index.FindByIdAsync(table.Id, cancellationToken).ConfigureAwait(false) is not null;
    }

    private string NewId()
    {
        Span<byte> bytes = stackalloc byte[4];
        random(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
