using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Where tables are, with the records of their jobs: a folder or a bucket, or a deployed instance (<c>sleeper://ID</c>).</summary>
internal sealed record TablePlace(IJobTables Tables, IJobTracker Tracker, Func<CancellationToken, IAsyncEnumerable<string>> ListAsync, SleeperInstance? Instance)
{
    public static async Task<TablePlace> OpenAsync(Places places, string place, CancellationToken token)
    {
        if (Places.IsInstance(place))
        {
            var instance = await places.InstanceAsync(place, token);
            return new TablePlace(new SleeperJobTables(instance), DynamoDbJobTracker.ForInstance(instance), instance.ListTablesAsync, instance);
        }

        IObjectStore store = places.Store(place);
        return new TablePlace(new ObjectStoreJobTables(store), new ObjectStoreJobTracker(store), cancelled => Table.ListAsync(store, cancelled), null);
    }
}
