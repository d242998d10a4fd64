using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores;

/// <summary>A new table with the leaves p0 (below "m") and p1, in one of the places that tables can be in.</summary>
internal sealed class StateStorePlace : IDisposable
{
    private readonly List<IDisposable> _open = [];
    private readonly IObjectStore? _objects;
    private readonly LiveLogServer? _server;

    private StateStorePlace(IObjectStore objects) => _objects = objects;

    private StateStorePlace(LiveLogServer server)
    {
        _server = server;
        _open.Add(server);
    }

    /// <summary>Own tables in memory, in a folder and in an emulated bucket; tables of an instance on DynamoDB in this process and on two emulators.</summary>
    public static TheoryData<string> Kinds => ["memory", "folder", "bucket", "in process", "moto", "dynalite"];

    public bool IsLive => _server is not null;

    public static async Task<StateStorePlace> CreateAsync(string kind)
    {
        StateStorePlace place;
        if (kind == "memory")
        {
            place = new StateStorePlace(new InMemoryObjectStore());
        }
        else if (kind == "folder")
        {
            var folder = new TemporaryFolder();
            place = new StateStorePlace(new LocalObjectStore(folder.Path));
            place._open.Add(folder);
        }
        else if (kind == "bucket")
        {
            var aws = await AwsEmulator.GetAsync();
            var client = aws.NewS3Client();
            place = new StateStorePlace(new S3ObjectStore(client, await aws.NewBucketAsync("state")));
            place._open.Add(client);
        }
        else
        {
            return new StateStorePlace(await LiveLogServer.CreateAsync(kind));
        }

        (await TableFixture.CreateAsync(place._objects!)).Dispose();
        return place;
    }

    /// <summary>A store as another process would have it.</summary>
    public async Task<IStateStore> OpenAsync(int seed)
    {
        if (_server is not null)
        {
            return _server.Open(seed);
        }

        var table = await TableFixture.OpenAsync(_objects!, seed, TimeProvider.System);
        _open.Add(table);
        return table.StateStore;
    }

    /// <summary>A commit of one file of so many rows.</summary>
    public IngestCommit Commit(IngestAttempt attempt, long rows = 10, string partitionId = "p0")
    {
        string name = _server is null ? TablePaths.DataFile(partitionId, attempt.FileNamePrefix, 0) : _server.Paths.DataFile(partitionId, attempt.FileNamePrefix, 0);
        return new IngestCommit([new DataFile(name, 100, [new FileReference(name, partitionId, rows)])], rows, 1);
    }

    public async Task<CommitResult> CommitAsync(IStateStore store, string ingestId, long rows = 10)
    {
        var attempt = await store.BeginAttemptAsync(ingestId);
        return await store.CommitAsync(attempt, Commit(attempt, rows));
    }

    public void Dispose() => _open.ForEach(o => o.Dispose());
}
