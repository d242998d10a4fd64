namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>What can go wrong with a request.</summary>
internal enum DynamoDbFault
{
    None,

    /// <summary>No effect, no answer.</summary>
    ErrorBefore,

    /// <summary>Effect, no answer.</summary>
    LostReply,

    /// <summary>Effect, no answer, and the SDK's own second try is refused because of the first.</summary>
    RepeatedBySdk,

    /// <summary>Effect, and half of the answer.</summary>
    CutReply,

    /// <summary>Status 500 without effect.</summary>
    InternalErrorBefore,

    /// <summary>Status 500 with effect.</summary>
    InternalErrorAfter,

    /// <summary>Too many requests: no effect.</summary>
    Throttled,

    /// <summary>No permission: no effect.</summary>
    NoPermission,

    /// <summary>The DynamoDB table is not there: no effect.</summary>
    NoTable,
}
