namespace Sleeper.Ingest.Core.Jobs;

/// <summary>What can be done about a failure.</summary>
internal enum JobFailureKind
{
    /// <summary>The job's data, or the table, is at fault: it fails again, whoever tries.</summary>
    Lasting,

    /// <summary>It may pass: the network, a store or a queue under load.</summary>
    Passing,

    /// <summary>It may pass, and it is not known whether the job is committed. The same run goes on.</summary>
    OutcomeUnknown,

    /// <summary>The worker's disk is full, or it lacks a permission: other jobs would meet the same.</summary>
    Environment,
}
