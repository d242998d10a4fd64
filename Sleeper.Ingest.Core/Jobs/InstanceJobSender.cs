using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Sends jobs to a deployed instance: to its ingest tasks, to its batcher, which makes jobs of many small files, or to a bulk import with Spark.</summary>
/// <remarks>
/// The queues are those that the instance's properties name. Paths are <c>bucket/key</c> or <c>s3://bucket/key</c>, of files or of what their keys begin with, in
/// buckets that the instance may read (<c>sleeper.ingest.source.bucket</c>). Sending says nothing about the job's end: ask the tracker. Permission: <c>sqs:SendMessage</c> on the
/// queue. Thread-safe.
/// </remarks>
/// <example><code>
/// using var instance = await SleeperInstance.OpenAsync("my-instance");
/// using var sqs = new SqsClient();
/// string id = await new InstanceJobSender(instance, sqs).SendAsync(new IngestJobMessage { TableName = "flights", Files = ["my-bucket/2026/"] });
/// </code></example>
public sealed class InstanceJobSender
{
    private const string IngestTasks = "ingest tasks (IngestStack)";
    private const string BatcherQueue = "sleeper.ingest.batcher.submit.queue.url";

    private readonly SleeperInstance _instance;
    private readonly Func<string, IMessageQueue> _queueAt;

    /// <summary>A sender over SQS.</summary>
    /// <param name="instance">The instance. Not disposed of.</param>
    /// <param name="client">A client for its account and region. Not disposed of.</param>
    public InstanceJobSender(SleeperInstance instance, SqsClient client)
        : this(instance, url => new SqsQueue(client, url))
    {
        ArgumentNullException.ThrowIfNull(client);
    }

    /// <summary>A sender over queues of any kind.</summary>
    /// <param name="instance">The instance. Not disposed of.</param>
    /// <param name="queueAt">The queue of an address.</param>
    public InstanceJobSender(SleeperInstance instance, Func<string, IMessageQueue> queueAt)
    {
        ArgumentNullException.ThrowIfNull(instance);
        ArgumentNullException.ThrowIfNull(queueAt);
        _instance = instance;
        _queueAt = queueAt;
    }

    /// <summary>Sends a job to the instance's ingest tasks. The table is not looked up: a task that finds none rejects the job.</summary>
    /// <returns>The job's id; made up if the job has none.</returns>
    /// <exception cref="ArgumentException">The job names no table, no file, or has an empty path.</exception>
    /// <exception cref="IngestException">The instance has no ingest tasks: the missing property is named.</exception>
    public async Task<string> SendAsync(IngestJobMessage job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (string.IsNullOrWhiteSpace(job.TableName) && string.IsNullOrWhiteSpace(job.TableId))
        {
            throw new ArgumentException("The job names no table: give the table's name or its id.", nameof(job));
        }

        RequireFiles(job.Files);
        job = string.IsNullOrWhiteSpace(job.Id) ? job with { Id = SystemRandom.Uuid() } : job;
        await QueueOf(InstanceProperty.IngestJobQueueUrl.Name, IngestTasks).SendAsync(job.ToJson(), null, cancellationToken).ConfigureAwait(false);
        return job.Id!;
    }

    /// <summary>Sends files to the instance's batcher. It makes jobs of them when there are enough, or when they have waited long enough, as the table's properties say.</summary>
    /// <param name="tableName">The table, by its name: the batcher knows no ids.</param>
    /// <param name="files">Files and folders.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">There is no file, or an empty path: the batcher would drop them in silence.</exception>
    /// <exception cref="IngestException">The instance has no batcher: the missing property is named.</exception>
    public async Task SendToBatcherAsync(string tableName, IReadOnlyList<string> files, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(tableName);
        ArgumentNullException.ThrowIfNull(files);
        RequireFiles(files);
        await QueueOf(BatcherQueue, "batcher (IngestBatcherStack)").SendAsync(BatcherJson(tableName, files), null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a job to a bulk import.</summary>
    /// <returns>The job's id; made up if the job has none.</returns>
    /// <exception cref="ArgumentException">The instance would reject it: every reason is named.</exception>
    /// <exception cref="IngestException">The instance does not have that platform: the missing property is named.</exception>
    public async Task<string> SendAsync(BulkImportJobMessage job, BulkImportPlatform platform, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.FindFaults() is { Count: > 0 } faults)
        {
            throw new ArgumentException($"The job would be rejected: {string.Join(' ', faults)}", nameof(job));
        }

        RequireFiles(job.Files);
        job = job.Id is null ? job with { Id = SystemRandom.Uuid() } : job;
        var (property, what) = platform switch
        {
            BulkImportPlatform.EmrServerless => ("sleeper.bulk.import.emr.serverless.job.queue.url", "bulk import on EMR Serverless (EmrServerlessBulkImportStack)"),
            BulkImportPlatform.Emr => ("sleeper.bulk.import.emr.job.queue.url", "bulk import on EMR (EmrBulkImportStack)"),
            BulkImportPlatform.PersistentEmr => ("sleeper.bulk.import.persistent.emr.job.queue.url", "bulk import on persistent EMR (PersistentEmrBulkImportStack)"),
            BulkImportPlatform.Eks => ("sleeper.bulk.import.eks.job.queue.url", "bulk import on EKS (EksBulkImportStack)"),
            _ => throw new ArgumentOutOfRangeException(nameof(platform), platform, "There is no such platform."),
        };
        await QueueOf(property, what).SendAsync(job.ToJson(), null, cancellationToken).ConfigureAwait(false);
        return job.Id!;
    }

    /// <summary>Writes rows as a Parquet file that the instance accepts, then sends a job for it to the instance's ingest tasks.</summary>
    /// <param name="tableName">The table.</param>
    /// <param name="schema">Its schema. The rows are checked against it; the table is not looked up.</param>
    /// <param name="rows">In any order.</param>
    /// <param name="bucket">Where the file goes, as <c>&lt;table&gt;/&lt;job id&gt;.parquet</c>: a bucket that the instance may read. Nobody removes the file.</param>
    /// <param name="options">How the file is written; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The job's id.</returns>
    /// <exception cref="RowRejectedException">A row does not fit the schema: no file is left, and nothing is sent.</exception>
    /// <exception cref="IngestException">The instance has no ingest tasks: nothing is written. Or the file was written and the job could not be sent: the error names the file.</exception>
    public async Task<string> SendRowsAsync(
        string tableName, Schema schema, IAsyncEnumerable<Row> rows, S3ObjectStore bucket, ParquetFileOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(tableName);
        ArgumentNullException.ThrowIfNull(bucket);
        _ = QueueOf(InstanceProperty.IngestJobQueueUrl.Name, IngestTasks);
        string id = SystemRandom.Uuid();
        string path = $"{tableName}/{id}.parquet";
        await ParquetFiles.WriteAsync(bucket, path, schema, rows, options, cancellationToken).ConfigureAwait(false);
        string file = $"{bucket.Name}/{path}";
        try
        {
            return await SendAsync(new IngestJobMessage { Id = id, TableName = tableName, Files = [file] }, cancellationToken).ConfigureAwait(false);
        }
        catch (QueueException e)
        {
            throw new IngestException($"The rows are in '{file}', but it is not known whether the job '{id}' was sent: {e.Message} Ask the tracker, then send a job with this file or remove it.", e);
        }
    }

    private static void RequireFiles(IReadOnlyList<string> files)
    {
        if (files.Count == 0)
        {
            throw new ArgumentException("The job names no file.");
        }

        for (int i = 0; i < files.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(files[i]) || files[i].StartsWith('/'))
            {
                throw new ArgumentException(
                    $"Path {i} of the job, '{files[i]}', has no bucket: a path is bucket/key or s3://bucket/key. The instance's tasks would end over it.");
            }
        }
    }

    private static string BatcherJson(string tableName, IReadOnlyList<string> files) => JobMessageJson.Write(json =>
    {
        json.WriteString("tableName", tableName);
        JobMessageJson.WriteFiles(json, files);
    });

    private IMessageQueue QueueOf(string property, string what) =>
        _instance.Properties.TryGetValue(property, out string? url) && !string.IsNullOrWhiteSpace(url)
            ? _queueAt(url)
            : throw new IngestException(
                $"The instance '{_instance.Id}' has no {what}: its property '{property}' is not set in the config bucket '{_instance.ConfigBucket}'. "
                + "Nothing was sent. Deploy that stack, or send the job another way.");
}
