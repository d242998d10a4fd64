using System.Net;
using System.Xml;
using Amazon.Runtime;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>What an error of the SDK says, as far as something is decided by it.</summary>
internal enum S3Fault
{
    /// <summary>The service refused and did nothing: no permission, no bucket, a wrong signature. Sending it again is of no use.</summary>
    Refused,

    /// <summary>There is no such object (or upload).</summary>
    Missing,

    /// <summary>412: the condition does not hold.</summary>
    ConditionFailed,

    /// <summary>409: another request for the same key was under way. Says nothing about what is there.</summary>
    Conflict,

    /// <summary>416: the object is shorter.</summary>
    OutOfRange,

    /// <summary>The service wants fewer requests.</summary>
    Throttled,

    /// <summary>The clock of this machine is wrong. The SDK has learnt the difference from the answer.</summary>
    ClockSkew,

    /// <summary>The network or the service failed, or the bytes were damaged on their way: it may have had an effect, and may go well when sent again.</summary>
    Transient,

    /// <summary>No error of a request.</summary>
    Other,
}

/// <summary>Tells the faults of requests apart.</summary>
internal static class S3Faults
{
    private static readonly HashSet<string> ThrottlingCodes = new(StringComparer.Ordinal)
    {
        "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException", "TooManyRequests", "TooManyRequestsException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "ProvisionedThroughputExceededException", "EC2ThrottledException", "PriorRequestNotComplete",
    };

    // Refusals that are about the way of the bytes, not about the request.
    private static readonly HashSet<string> TransientCodes = new(StringComparer.Ordinal)
    {
        "RequestTimeout", "RequestTimeoutException", "InternalError", "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody",
    };

    public static S3Fault Of(Exception error) => error switch
    {
        AmazonServiceException service when (int)service.StatusCode != 0 => OfAnswer(service),
        AmazonServiceException => S3Fault.Transient,
        AmazonClientException client when IsAboutCredentials(client) => S3Fault.Refused,
        AmazonClientException or HttpRequestException or IOException or TimeoutException or OperationCanceledException => S3Fault.Transient,
        XmlException => S3Fault.Transient, // an answer that was cut or garbled, as the SDK passes it on
        _ => S3Fault.Other,
    };

    /// <summary>Whether sending the same request again may help.</summary>
    public static bool IsWorthAnotherAttempt(S3Fault fault) => fault is S3Fault.Transient or S3Fault.Throttled or S3Fault.ClockSkew;

    /// <summary>The SDK tells missing credentials and missing objects by the same type; its text is all there is.</summary>
    public static bool IsAboutCredentials(AmazonClientException error) => error.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase);

    private static S3Fault OfAnswer(AmazonServiceException error)
    {
        string code = error.ErrorCode ?? "";
        if (ThrottlingCodes.Contains(code) || error.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
        {
            return S3Fault.Throttled;
        }

        // A good answer that makes an error: its body was cut or garbled, or tells of one that came while it was being sent.
        if (TransientCodes.Contains(code) || (int)error.StatusCode < 300 || ((int)error.StatusCode >= 500 && error.StatusCode != HttpStatusCode.NotImplemented))
        {
            return S3Fault.Transient;
        }

        return code switch
        {
            "RequestTimeTooSkewed" or "RequestExpired" or "RequestInTheFuture" => S3Fault.ClockSkew,
            "NoSuchBucket" => S3Fault.Refused,
            _ => error.StatusCode switch
            {
                HttpStatusCode.NotFound => S3Fault.Missing,
                HttpStatusCode.PreconditionFailed => S3Fault.ConditionFailed,
                HttpStatusCode.Conflict => S3Fault.Conflict,
                HttpStatusCode.RequestedRangeNotSatisfiable => S3Fault.OutOfRange,
                _ => S3Fault.Refused,
            },
        };
    }
}
