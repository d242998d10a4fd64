using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>What the places on the command line mean.</summary>
internal static class Places
{
    public static IObjectStore Store(string place)
    {
        if (!place.StartsWith("s3://", StringComparison.Ordinal))
        {
            return new LocalObjectStore(place);
        }

        string[] parts = place["s3://".Length..].Split('/', 2);
        return new S3ObjectStore(parts[0], new S3ObjectStoreOptions { KeyPrefix = parts.Length > 1 && parts[1].Length > 0 ? parts[1].TrimEnd('/') + "/" : "" });
    }

    public static IMessageQueue Queue(string place) => place.StartsWith("http", StringComparison.Ordinal)
        ? new SqsQueue(new SqsClient(), place)
        : new ObjectStoreQueue(Store(place));

    /// <summary>Files of this machine, and of every bucket that the process may read. A path is a bucket's only where it says so.</summary>
    public static JobInputs Inputs { get; } = new()
    {
        AllowsLocalFiles = true,
        OpenBucket = bucket => new S3ObjectStore(bucket),
    };

    /// <summary>A file's name as any worker on this machine understands it.</summary>
    public static string Absolute(string file) => file.Contains("://", StringComparison.Ordinal) ? file : Path.GetFullPath(file);
}
