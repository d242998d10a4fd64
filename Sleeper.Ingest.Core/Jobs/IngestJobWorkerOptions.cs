using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Settings of an <see cref="IngestJobWorker"/>. Queue and tables are needed; the rest has defaults.</summary>
public sealed record IngestJobWorkerOptions
{
    /// <summary>Where jobs come from. Needed.</summary>
    public IMessageQueue? Queue { get; init; }

    /// <summary>The tables that jobs may name. Needed.</summary>
    public IJobTables? Tables { get; init; }

    /// <summary>Where the files of jobs may lie. Default: nowhere, so this is needed in practice.</summary>
    public JobInputs Inputs { get; init; } = new();

    /// <summary>Who keeps what happened. Default: nobody.</summary>
    public IJobTracker Tracker { get; init; } = NoJobTracker.Instance;

    /// <summary>How ingests work: budgets, spill folder, encodings. Default: the defaults, with the memory shared among the jobs at the same time.</summary>
    public Func<IngestFactory, IngestFactory>? ConfigureIngest { get; init; }

    /// <summary>What the process is called in records. Default: a new random UUID.</summary>
    public string? TaskId { get; init; }

    /// <summary>Jobs at the same time, each with budgets of its own. Default: 1.</summary>
    public int MaxConcurrentJobs { get; init; } = 1;

    /// <summary>How long one look at the queue waits for a message. Default: 20 seconds, the most that SQS has.</summary>
    public TimeSpan ReceiveWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>For how long nobody else shall receive a job's message, counted anew by each keep-alive. Default: 15 minutes.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Time between keep-alives; less than the lease. Default: 5 minutes.</summary>
    public TimeSpan KeepAlivePeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long running jobs may go on when the worker is stopped, before they are given back. Default: 25 seconds, within the 30 that hosts give by default.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How often a job is tried in one go where the cause may pass. Default: 5.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>
    /// How often a job with bad data is received before it is set aside, where the queue does not say: SQS queues without dead letters. There, what may pass ends 10 receives
    /// later; ended messages are deleted, and logged. Default: 3.
    /// </summary>
    public int MaxReceiveCount { get; init; } = 3;

    /// <summary>The wait after a first failure that may pass; doubled each time, up to 5 minutes, and spread by chance. Default: one second.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the worker waits with a job in its hands for a full disk to have room or for a permission to be given, taking no other jobs meanwhile, before it gives the
    /// job back and looks at others. Default: 15 minutes.
    /// </summary>
    public TimeSpan MaxPause { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often a running job's progress is recorded. Default: every 2 seconds.</summary>
    public TimeSpan ProgressPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>True to end when one look at the queue finds nothing, as Sleeper's tasks do. Default: work until stopped.</summary>
    public bool StopsWhenEmpty { get; init; }

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where logs go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>
    /// A worker of a deployed instance, beside or in place of its own tasks: its queue of ingest jobs, its tables, its tracker if that is enabled, all buckets that the
    /// credentials may read, and how long to wait for messages and to keep them. What is set with <c>with</c> afterwards counts more than the instance's properties.
    /// </summary>
    /// <param name="instance">The caller's own: it is not disposed of, and must outlive the worker.</param>
    /// <param name="client">A client for its account and region. Not disposed of.</param>
    /// <exception cref="UnsupportedTableException">The instance has no queue of ingest jobs, or a property has a value it may not have: each is named.</exception>
    /// <example><code>
    /// var worker = new IngestJobWorker(IngestJobWorkerOptions.ForInstance(instance, sqs) with { StopsWhenEmpty = true });
    /// </code></example>
    public static IngestJobWorkerOptions ForInstance(SleeperInstance instance, SqsClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        var settings = InstanceJobSettings.ForWorker(instance);
        return new IngestJobWorkerOptions
        {
            Queue = new SqsQueue(client, settings.QueueUrl),
            Tables = new SleeperJobTables(instance),
            Tracker = DynamoDbJobTracker.ForInstance(instance),
            Inputs = new JobInputs { OpenBucket = bucket => new S3ObjectStore(instance.S3, bucket) },
            ReceiveWait = settings.ReceiveWait,
            Lease = settings.Lease,
            KeepAlivePeriod = settings.KeepAlivePeriod,
        };
    }

    /// <summary>Everything that is wrong.</summary>
    internal IReadOnlyList<string> FindFaults()
    {
        List<string> faults = [];
        Require(Queue is not null, "Queue is missing: where do jobs come from?");
        Require(Tables is not null, "Tables is missing: which tables may jobs name?");
        Require(MaxConcurrentJobs >= 1, $"MaxConcurrentJobs is {MaxConcurrentJobs}; at least 1.");
        Require(MaxAttempts >= 1, $"MaxAttempts is {MaxAttempts}; at least 1.");
        Require(MaxReceiveCount >= 1, $"MaxReceiveCount is {MaxReceiveCount}; at least 1.");
        Require(Lease > TimeSpan.Zero && KeepAlivePeriod > TimeSpan.Zero && KeepAlivePeriod < Lease, $"KeepAlivePeriod is {KeepAlivePeriod}, Lease {Lease}; more than 0, and less than the lease.");
        Require(ReceiveWait >= TimeSpan.Zero, $"ReceiveWait is {ReceiveWait}; not negative.");
        Require(GracePeriod >= TimeSpan.Zero, $"GracePeriod is {GracePeriod}; not negative.");
        Require(RetryDelay > TimeSpan.Zero, $"RetryDelay is {RetryDelay}; more than 0.");
        Require(MaxPause >= TimeSpan.Zero, $"MaxPause is {MaxPause}; not negative.");
        Require(ProgressPeriod > TimeSpan.Zero, $"ProgressPeriod is {ProgressPeriod}; more than 0.");
        Require(Inputs.LooksAtOnce >= 1, $"LooksAtOnce of the inputs is {Inputs.LooksAtOnce}; at least 1.");
        return faults;

        void Require(bool isGood, string fault)
        {
            if (!isGood)
            {
                faults.Add(fault);
            }
        }
    }
}
