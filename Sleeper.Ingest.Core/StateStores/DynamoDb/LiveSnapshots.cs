using System.Runtime.CompilerServices;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>
/// The snapshots that Sleeper makes of a live table: which are the latest, and what is in them. They are read, never written: Sleeper trims its logs behind them.
/// </summary>
/// <remarks>
/// The item of the latest snapshots, in a DynamoDB table with the hash key TABLE_ID: FILES_SNAPSHOT_PATH S and FILES_TRANSACTION_NUMBER N,
/// PARTITIONS_SNAPSHOT_PATH S and PARTITIONS_TRANSACTION_NUMBER N, UPDATE_TIME N. Either pair may be missing. It is read anew when the last look is old enough; one
/// look serves both logs. Not thread-safe.
/// </remarks>
internal sealed class LiveSnapshots(IAmazonDynamoDB client, LiveTableIdentity table, LiveStoreSettings settings, TimeProvider time)
{
    private Dictionary<string, AttributeValue>? _item;
    private long? _lookedAt;

    /// <summary>The latest snapshot of a log; null if there is none, or the table's class makes no use of them.</summary>
    public async Task<LatestSnapshot?> LatestAsync(LogKind log, bool isConsistent, CancellationToken cancellationToken)
    {
        if (table.LatestSnapshots is null)
        {
            return null;
        }

        if (isConsistent || _lookedAt is not { } last || time.GetElapsedTime(last) >= settings.TimeBetweenSnapshotChecks)
        {
            _item = await QueryAsync(isConsistent, cancellationToken).ConfigureAwait(false);
            _lookedAt = time.GetTimestamp();
        }

        string prefix = log == LogKind.Files ? "FILES_" : "PARTITIONS_";
        return _item is not null
            && LiveLogItem.Text(_item, prefix + "SNAPSHOT_PATH") is { } path && LiveLogItem.OptionalLong(_item, prefix + "TRANSACTION_NUMBER") is { } number
            ? new LatestSnapshot(number, path)
            : null;
    }

    /// <summary>The files in a snapshot, batch by batch, in its order.</summary>
    public IAsyncEnumerable<FileState> ReadFilesAsync(LatestSnapshot snapshot, CancellationToken cancellationToken) =>
        ReadAsync(snapshot, SnapshotFormat.Files, SnapshotFormat.ReadFile, cancellationToken);

    /// <summary>The partitions in a snapshot, batch by batch.</summary>
    public IAsyncEnumerable<Partition> ReadPartitionsAsync(LatestSnapshot snapshot, CancellationToken cancellationToken) =>
        ReadAsync(snapshot, SnapshotFormat.Partitions, (batch, row) => SnapshotFormat.ReadPartition(batch, row, table.Schema), cancellationToken);

    private async IAsyncEnumerable<T> ReadAsync<T>(
        LatestSnapshot snapshot, IReadOnlyList<ArrowField> expected, Func<IReadOnlyList<ArrowColumn>, int, T> readRow,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = await OpenAsync(snapshot, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var reader = new ArrowStreamReader(stream);
            await BeginAsync(reader, snapshot, expected, cancellationToken).ConfigureAwait(false);
            while (await NextAsync(reader, snapshot, readRow, cancellationToken).ConfigureAwait(false) is { } rows)
            {
                foreach (var row in rows)
                {
                    yield return row;
                }
            }
        }
    }

    private async Task<IObjectReader> OpenAsync(LatestSnapshot snapshot, CancellationToken cancellationToken)
    {
        string key;
        try
        {
            key = LiveTablePaths.KeyOf(snapshot.Path);
        }
        catch (ArgumentException e)
        {
            throw Damaged(snapshot, e.Message, e);
        }

        // Sleeper removes snapshots that are not the latest: who read the item a while ago may come too late, and reads it again.
        return await table.DataBucket.OpenAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new BrokenLogException($"The latest snapshot '{snapshot.Path}' is not there.");
    }

    private static async Task BeginAsync(ArrowStreamReader reader, LatestSnapshot snapshot, IReadOnlyList<ArrowField> expected, CancellationToken cancellationToken)
    {
        try
        {
            ArrowField.RequireSame(expected, await reader.ReadSchemaAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (ArrowFormatException e)
        {
            throw Damaged(snapshot, e.Message, e);
        }
    }

    private static async Task<T[]?> NextAsync<T>(
        ArrowStreamReader reader, LatestSnapshot snapshot, Func<IReadOnlyList<ArrowColumn>, int, T> readRow, CancellationToken cancellationToken)
    {
        try
        {
            if (await reader.NextBatchAsync(cancellationToken).ConfigureAwait(false) is not { } batch)
            {
                return null;
            }

            var rows = new T[batch[0].Length];
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = readRow(batch, i);
            }

            return rows;
        }
        catch (ArrowFormatException e)
        {
            throw Damaged(snapshot, e.Message, e);
        }
    }

    private static TableDamagedException Damaged(LatestSnapshot snapshot, string message, Exception e) =>
        new($"the snapshot '{snapshot.Path}'", message, e);

    private async Task<Dictionary<string, AttributeValue>?> QueryAsync(bool isConsistent, CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            TableName = table.LatestSnapshots,
            ConsistentRead = isConsistent ? true : null,
            KeyConditionExpression = "#TableId = :table_id",
            ExpressionAttributeNames = new() { ["#TableId"] = LiveLogItem.TableId },
            ExpressionAttributeValues = new() { [":table_id"] = new() { S = table.TableId } },
        };
        var page = await DynamoDbErrors.CallAsync(
            "Query", table.LatestSnapshots!, $"the latest snapshots of table '{table.TableName}'", () => client.QueryAsync(request, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        return page.Items is [var item, ..] ? item : null;
    }
}
