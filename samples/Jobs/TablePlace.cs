using Amazon.DynamoDBv2;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Where tables are, with the records of their jobs: a folder or a bucket, or a deployed instance (<c>sleeper://ID</c>).</summary>
internal sealed record TablePlace(IJobTables Tables, IJobTracker Tracker, Func<CancellationToken, IAsyncEnumerable<string>> ListAsync)
{
    private const string InstanceScheme = "sleeper://";

    public static async Task<TablePlace> OpenAsync(string place, CancellationToken token)
    {
        if (place.StartsWith(InstanceScheme, StringComparison.Ordinal))
        {
            var instance = await SleeperInstance.OpenAsync(place[InstanceScheme.Length..], cancellationToken: token);
            return new TablePlace(new SleeperJobTables(instance), new DynamoDbJobTracker(new AmazonDynamoDBClient(), instance.Id), instance.ListTablesAsync);
        }

        IObjectStore store = Places.Store(place);
        return new TablePlace(new ObjectStoreJobTables(store), new ObjectStoreJobTracker(store), cancelled => Table.ListAsync(store, cancelled));
    }
}
