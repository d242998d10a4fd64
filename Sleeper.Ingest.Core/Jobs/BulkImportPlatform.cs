namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Where a deployed instance runs bulk imports, each with a queue of its own.</summary>
public enum BulkImportPlatform
{
    /// <summary>EMR Serverless.</summary>
    EmrServerless,

    /// <summary>A cluster of EMR made for the job.</summary>
    Emr,

    /// <summary>A cluster of EMR that is always there.</summary>
    PersistentEmr,

    /// <summary>Spark on Kubernetes.</summary>
    Eks,
}
