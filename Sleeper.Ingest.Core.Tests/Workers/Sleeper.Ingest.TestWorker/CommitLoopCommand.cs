using System.Globalization;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Sleeper.Ingest.Core.Committing;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Commits ingests named <c>WRITER-N</c>, from N = <c>--from</c> (0 without) up to <c>--count</c> (for ever without), to the table <c>--table</c> in the folder <c>--root</c>
/// or in the bucket <c>--bucket</c> of the emulator at <c>--service</c>, each
/// with one small data file on the partition <c>--partition</c>. Waits for the start signal. Writes "begun ID" before an ingest's first object and
/// "committed ID NUMBER" after its commit. An attempt that a maintenance ended is begun anew. With <c>--durable false</c> without syncs.
/// </summary>
internal static class CommitLoopCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        IObjectStore store = arguments.Text("bucket", "") is { Length: > 0 } bucket
            ? OpenBucket(bucket, arguments.Text("service"))
            : new LocalObjectStore(arguments.Text("root"), new LocalObjectStoreOptions { Durable = arguments.Text("durable", "true") == "true" });
        var options = new StateStoreOptions { Random = RandomNumberGenerator.Fill, Writer = arguments.Text("writer") };
        using var table = await OwnTable.OpenAsync(store, arguments.Text("table"), options);
        var committer = new FileCommitter(table.StateStore, store);
        await WorkerArguments.WaitForStartAsync();
        for (var number = arguments.Number("from", 0); number < arguments.Number("count", int.MaxValue); number++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{arguments.Text("writer")}-{number}");
            await Console.Out.WriteLineAsync($"begun {id}");
            CommitResult? result = null;
            while (result is null)
            {
                try
                {
                    result = await CommitAsync(store, table, committer, id, arguments.Text("partition"));
                }
                catch (CommitFailedException e) when (e.Message.Contains("was ended", StringComparison.Ordinal))
                {
                    await Console.Out.WriteLineAsync($"ended {id}");
                }
            }

            await Console.Out.WriteLineAsync($"committed {id} {result.TransactionNumber}");
        }

        return 0;
    }

    private static S3ObjectStore OpenBucket(string bucket, string service)
    {
        var config = new AmazonS3Config { ServiceURL = service, AuthenticationRegion = "us-east-1", ForcePathStyle = true, MaxErrorRetry = 0 };
        return new S3ObjectStore(new AmazonS3Client(new BasicAWSCredentials("testing", "testing-secret"), config), bucket);
    }

    private static async Task<CommitResult> CommitAsync(
        IObjectStore store, OwnTable table, FileCommitter committer, string id, string partition)
    {
        await using var barrier = await store.OpenBarrierAsync();
        var attempt = await table.StateStore.BeginAttemptAsync(id);
        var name = TablePaths.DataFile(partition, attempt.FileNamePrefix, 0);
        var path = table.Paths.InStore(name);
        await using (var writer = await store.CreateAsync(path))
        {
            await writer.AppendAsync(System.Text.Encoding.UTF8.GetBytes(id));
            await writer.CompleteAsync();
        }

        var commit = new IngestCommit([new DataFile(name, id.Length, [new FileReference(name, partition, 1)])], 1, 1);
        var outcome = await committer.CommitAsync(attempt, commit, [path], barrier, CancellationToken.None);
        return outcome.Result!;
    }
}
