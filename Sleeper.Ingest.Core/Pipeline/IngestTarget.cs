using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The table that an ingest goes into, opened, and how to speak to it.</summary>
internal sealed record IngestTarget
{
    public required string IngestId { get; init; }

    public required Schema Schema { get; init; }

    /// <summary>Which columns of Parquet files the fields take.</summary>
    public ParquetMapping Mapping { get; init; } = ParquetMapping.ByName;

    /// <summary>What Parquet files may ask of their reader.</summary>
    public ParquetReaderLimits ParquetLimits { get; init; } = ParquetReaderLimits.Default;

    public KeyOrder Order { get; init; } = KeyOrder.Bytes;

    public required IObjectStore Store { get; init; }

    public required IStateStore StateStore { get; init; }

    /// <summary>True if the commit goes through an instance's committer.</summary>
    public bool QueuesCommit { get; init; }

    /// <summary>Begins an attempt of this ingest; null to ask the state store.</summary>
    public Func<string, CancellationToken, Task<IngestAttempt>>? BeginAttemptAsync { get; init; }

    /// <summary>The path in the store of a name that the table's state knows.</summary>
    public required Func<string, string> PathInStore { get; init; }

    /// <summary>A data file's name in the table's state, given its partition's id, the attempt's prefix and its number.</summary>
    public required Func<string, string, int, string> NameDataFile { get; init; }

    public required TimeProvider Clock { get; init; }

    public required ILogger Logger { get; init; }

    public Action<RowError>? OnRowError { get; init; }

    /// <summary>Told of the first error of the ingest, before its caller is.</summary>
    public Action OnFailure { get; init; } = () => { };
}
