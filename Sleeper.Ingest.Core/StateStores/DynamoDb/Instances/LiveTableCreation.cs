using System.Text;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>Makes a table in a deployed instance as the original does: its properties, then its place in the index, then its partitions.</summary>
/// <remarks>
/// A table is in the index or not: one transaction over three DynamoDB tables. A transaction without an answer is sent again, under the same id, until the index has the table or
/// refuses it. Properties without a table are removed where it is certain that it will never be; where that is not known they stay, since a table in the index without properties is
/// worse. A table that is in the index and has no partitions was not made to its end; whoever makes it again, with the same schema, goes on from there.
/// </remarks>
internal sealed class LiveTableCreation(
    ConfigBucket config, TableIndex index, InstanceProperties instance, StateStoreOptions options, Func<IndexedTable, CancellationToken, Task<LiveTable>> openAsync)
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
        CheckIterators(name, schema, properties);
        await AddAsync(table, path, PropertiesText.WriteAsJava(options.Time.GetUtcNow(), all), cancellationToken).ConfigureAwait(false);
        try
        {
            var live = await openAsync(table, cancellationToken).ConfigureAwait(false);
            await live.StateStore.InitialisePartitionsAsync(tree, cancellationToken).ConfigureAwait(false);
            return live;
        }
        catch (IngestException e)
        {
            throw new IngestException(
                $"Table '{name}' ({table.Id}) was not made to its end in the instance '{instance.Id}': the index has it, but perhaps no partitions. {e.Message} "
                + "Make it again, with the same schema: that goes on from there, or says that it exists if it was made after all.", e)
            {
                IsRetryable = e.IsRetryable,
            };
        }
    }

    private static bool IsOnline(IReadOnlyDictionary<string, string> properties) =>
        !properties.TryGetValue(TableProperty.Online.Name, out string? online) || online.Length == 0 || "true".Equals(online, StringComparison.OrdinalIgnoreCase);

    /// <summary>A table whose rows this library could not write is not made by it.</summary>
    private static void CheckIterators(string name, Schema schema, IReadOnlyDictionary<string, string> properties)
    {
        try
        {
            TableIterators.ParseForNewTable(schema, TableIteratorProperties.Of(properties));
        }
        catch (FormatException e)
        {
            throw new UnsupportedTableException($"The table '{name}' cannot be made. {e.Message}", e);
        }
    }

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

    /// <summary>Puts a table's properties, and then its place in the index; if it has none, its properties go.</summary>
    private async Task AddAsync(IndexedTable table, string path, string properties, CancellationToken cancellationToken)
    {
        try
        {
            await config.PutAsync(path, Encoding.UTF8.GetBytes(properties), cancellationToken).ConfigureAwait(false);
            if (await TryAddAsync(table, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (Exception e) when (e is not TableOutcomeUnknownException)
        {
            await TryRemoveAsync(path).ConfigureAwait(false);
            throw;
        }

        await TryRemoveAsync(path).ConfigureAwait(false);
        throw new TableExistsException(table.Name, $"the instance '{instance.Id}'");
    }

    /// <summary>True if the table is in the index, false if one of its name is.</summary>
    /// <exception cref="TableOutcomeUnknownException">It is not known.</exception>
    private async Task<bool> TryAddAsync(IndexedTable table, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var deadline = new CommitDeadline(options, cancellationToken);
        var backoff = new JitteredBackoff(options);
        bool isInDoubt = false;
        while (true)
        {
            Exception? error = null;
            try
            {
                if (await index.AddAsync(table, deadline.Token).ConfigureAwait(false))
                {
                    return true;
                }
            }
            catch (Exception e)
            {
                error = e;
                isInDoubt |= !DynamoDbErrors.IsRefused(e);
            }

            try
            {
                // The id is random, so what is there under it is ours: a transaction that was done without an answer, and refused when it was sent again.
                if (await index.HasAsync(table, deadline.Token).ConfigureAwait(false))
                {
                    return true;
                }

                if (error is null)
                {
                    return false;
                }
            }
            catch (Exception e)
            {
                isInDoubt |= error is null;
                error ??= e;
            }

            bool isRefused = DynamoDbErrors.IsRefused(error);
            if (isRefused && !isInDoubt)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
            }

            if (isRefused || deadline.IsOver)
            {
                throw new TableOutcomeUnknownException(
                    $"Whether table '{table.Name}' ({table.Id}) was made in the instance '{instance.Id}' is not known. {error.Message} Its properties, {config.PlaceOf(LiveTableProperties.PathOf(table.Id))}, "
                    + "were kept. Make it again, with the same schema: if it is there, that goes on from there.",
                    error);
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Removes properties that are of no table. If that fails too they lie there, and nobody reads them.</summary>
    private async Task TryRemoveAsync(string path)
    {
        try
        {
            // Not the caller's token: who cancels wants nothing to be left.
            await config.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            options.CleanUpFailed?.Invoke($"{config.PlaceOf(path)} could not be removed. It is of no table.", e);
        }
    }

    private string NewId()
    {
        Span<byte> bytes = stackalloc byte[4];
        options.Random(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
