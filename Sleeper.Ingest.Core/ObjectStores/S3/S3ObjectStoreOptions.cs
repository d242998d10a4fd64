using System.Buffers;
using Sleeper.Ingest.Core.Diagnostics;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>Settings of an <see cref="S3ObjectStore"/>. Immutable.</summary>
public sealed record S3ObjectStoreOptions
{
    /// <summary>The least that S3 takes as a part which is not the last one: 5 MiB.</summary>
    public const int MinPartSizeBytes = 5 << 20;

    internal const int MaxPartSizeBytes = 1 << 30;

    /// <summary>What the keys of all objects begin with, for example <c>team-a/tables</c>; a slash between it and a path is added. Empty by default.</summary>
    public string KeyPrefix { get; init; } = "";

    /// <summary>The bucket's region, for example <c>eu-west-1</c>. Null by default: what the SDK finds in environment, profile or machine. Only for a store that makes its client.</summary>
    public string? Region { get; init; }

    /// <summary>
    /// Another endpoint than AWS, for example <c>http://localhost:9000</c>. Null by default: what the SDK finds (AWS_ENDPOINT_URL_S3, profile), else AWS. Only for a
    /// store that makes its client.
    /// </summary>
    public string? ServiceUrl { get; init; }

    /// <summary>
    /// Whether the bucket stands in the path of an address instead of its host name. Null by default: true with a <see cref="ServiceUrl"/>, else false. Only for a
    /// store that makes its client.
    /// </summary>
    public bool? ForcePathStyle { get; init; }

    /// <summary>
    /// Bytes of the first thousand parts of an object that is uploaded while it is written; each further thousand has parts of twice the size, so that 10,000 parts,
    /// the most there may be, hold more than the largest object. What is shorter goes up in one put. Default: 8 MiB; at least <see cref="MinPartSizeBytes"/>.
    /// </summary>
    public int PartSizeBytes { get; init; } = 8 << 20;

    /// <summary>How many parts of one object are under way at once. Default: 4.</summary>
    public int MaxPartsInFlight { get; init; } = 4;

    /// <summary>
    /// Memory for parts under way, of all objects of the store together, beyond the one part that each object being written always has. Default: 32 MiB. When it is
    /// used up, who writes waits for a part to arrive. An ingest takes both from its memory budget, a quarter of it at most where that is enough: for a small
    /// budget its parts are smaller, down to <see cref="MinPartSizeBytes"/>, and fewer are under way.
    /// </summary>
    public long MaxBufferedBytes { get; init; } = 32L << 20;

    /// <summary>The most requests under way at once. Default: 64. Under throttling there are fewer, down to one, and more again as it ends.</summary>
    public int MaxConcurrentRequests { get; init; } = 64;

    /// <summary>How often a request is sent that meets a network fault, an error of the service or throttling. Default: 10, with waits of about ten seconds together.</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>The longest wait before the second attempt; it doubles from attempt to attempt. Default: 100 ms.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait there is. Default: 5 seconds.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When an attempt that has no answer is given up and sent again. Default: 60 seconds.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether uploads carry a CRC-32 that the service checks and keeps: true by default. False is for services that do not know it.</summary>
    public bool Checksums { get; init; } = true;

    /// <summary>
    /// Whether bodies are part of the signature over HTTPS too. False by default: TLS and the checksum protect them, and SHA-256 costs time. Over plain HTTP they
    /// always are.
    /// </summary>
    public bool SignPayload { get; init; }

    /// <summary>The clock of waits and time limits. The system's by default.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where the jitter of waits and the marks of writes come from.</summary>
    internal Func<ulong> Random { get; init; } = SystemRandom.Next;

    /// <summary>Where the memory of parts comes from.</summary>
    internal ArrayPool<byte> PartPool { get; init; } = ArrayPool<byte>.Shared;

    /// <summary>Throws unless all settings are within their limits; names all that are not.</summary>
    internal void Check(string parameterName)
    {
        List<string> faults = [];
        Require(PartSizeBytes is >= MinPartSizeBytes and <= MaxPartSizeBytes, $"PartSizeBytes is {PartSizeBytes:N0}; S3 wants at least {MinPartSizeBytes:N0}, and at most {MaxPartSizeBytes:N0} make sense");
        Require(MaxPartsInFlight >= 1, $"MaxPartsInFlight is {MaxPartsInFlight}; at least 1 is needed");
        Require(MaxBufferedBytes >= 0, $"MaxBufferedBytes is {MaxBufferedBytes:N0}; it cannot be negative");
        Require(MaxConcurrentRequests >= 1, $"MaxConcurrentRequests is {MaxConcurrentRequests}; at least 1 is needed");
        Require(MaxAttempts >= 1, $"MaxAttempts is {MaxAttempts}; at least 1 is needed");
        Require(FirstRetryDelay >= TimeSpan.Zero && MaxRetryDelay >= FirstRetryDelay, $"FirstRetryDelay is {FirstRetryDelay} and MaxRetryDelay {MaxRetryDelay}; the first may not be negative or longer");
        Require(AttemptTimeout > TimeSpan.Zero, $"AttemptTimeout is {AttemptTimeout}; it must be more than nothing");
        Require(ServiceUrl is null || Uri.TryCreate(ServiceUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https", $"ServiceUrl is '{ServiceUrl}'; an address such as http://localhost:9000 is needed");
        if (faults.Count > 0)
        {
            throw new ArgumentException($"The settings of the S3 store are wrong: {string.Join("; ", faults)}.", parameterName);
        }

        void Require(bool isRight, string fault)
        {
            if (!isRight)
            {
                faults.Add(fault);
            }
        }
    }
}
