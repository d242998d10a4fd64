namespace Sleeper.Ingest.Core;

/// <summary>What requests and time cost, in dollars. The defaults are list prices of AWS for S3 Standard and Fargate in us-east-1; set your own.</summary>
/// <example><code>var prices = new IngestPrices { DollarsPerMillionPuts = 5.5m, DollarsPerHour = 0 };</code></example>
public sealed record IngestPrices
{
    /// <summary>A million writes to the object store. Default: 5.</summary>
    public decimal DollarsPerMillionPuts { get; init; } = 5m;

    /// <summary>A million reads. Default: 0.40.</summary>
    public decimal DollarsPerMillionGets { get; init; } = 0.4m;

    /// <summary>A million pages of listings. Default: 5.</summary>
    public decimal DollarsPerMillionLists { get; init; } = 5m;

    /// <summary>A million removals. Default: 0.</summary>
    public decimal DollarsPerMillionDeletes { get; init; }

    /// <summary>
    /// An hour of the machine that ingests, while it does. Default: 0.09874, a task of 2 virtual processors and 4 GiB. Counts only where the time is known.
    /// </summary>
    public decimal DollarsPerHour { get; init; } = 0.09874m;

    /// <summary>What requests cost.</summary>
    public decimal Of(StoreRequests requests) =>
        ((requests.Puts * DollarsPerMillionPuts) + (requests.Gets * DollarsPerMillionGets) + (requests.Lists * DollarsPerMillionLists)
            + (requests.Deletes * DollarsPerMillionDeletes)) / 1_000_000m;

    /// <summary>What the machine costs for so long.</summary>
    public decimal Of(TimeSpan time) => DollarsPerHour * (decimal)time.TotalHours;
}
