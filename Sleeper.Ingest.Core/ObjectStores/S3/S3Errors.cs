using System.Globalization;
using System.Net;
using Amazon.Runtime;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>Turns errors of the SDK into ours: what, which object in which bucket, what the service said, and what to do.</summary>
internal static class S3Errors
{
    /// <param name="bucket">Where.</param>
    /// <param name="action">What was asked.</param>
    /// <param name="path">The object or prefix, relative to the store.</param>
    /// <param name="error">What came of it.</param>
    /// <param name="hadNoEffect">True if it is certain that nothing was written and never will be.</param>
    public static ObjectStoreException Translate(S3Bucket bucket, S3Action action, string path, Exception error, bool hadNoEffect = false)
    {
        string key = bucket.KeyOf(path);
        string what = string.Format(CultureInfo.InvariantCulture, action.Words, $"'{key}'");
        var fault = S3Faults.Of(error);
        return new ObjectStoreException(bucket.Name, path, $"Could not {what} in the bucket '{bucket.BucketName}': {Answer(error)}. {Remedy(bucket, action, key, fault, error)}", error)
        {
            IsRetryable = S3Faults.IsWorthAnotherAttempt(fault) || fault == S3Fault.Conflict,
            IsForbidden = IsForbidden(error),
            HadNoEffect = hadNoEffect,
        };
    }

    private static string Answer(Exception error) => error switch
    {
        AmazonServiceException service when (int)service.StatusCode != 0 =>
            string.Create(CultureInfo.InvariantCulture, $"{(int)service.StatusCode} {service.ErrorCode}, {FirstLine(service.Message)}{RequestId(service)}"),
        OperationCanceledException => "no answer came in time",
        _ => FirstLine(error.Message),
    };

    /// <summary>The SDK tells of each place where it looked for credentials in a line of its own; those are in the inner error.</summary>
    private static string FirstLine(string message) => message.Split('\n')[0].TrimEnd('\r', ' ', ':', '.');

    private static string RequestId(AmazonServiceException error) => string.IsNullOrEmpty(error.RequestId) ? "" : $" (request {error.RequestId})";

    private static string Remedy(S3Bucket bucket, S3Action action, string key, S3Fault fault, Exception error)
    {
        string? code = (error as AmazonServiceException)?.ErrorCode;
        return fault switch
        {
            S3Fault.Throttled => "The service asks for fewer requests, and went on to after waits: use fewer writers at once, a lower MaxConcurrentRequests, or more key prefixes",
            S3Fault.ClockSkew => "The clock of this machine is wrong: set it",
            S3Fault.Transient => "The network or the service failed, also when it was tried again: try later",
            S3Fault.Conflict => "Another request for the same key was under way each time: try again",
            _ when code == "NoSuchBucket" => "There is no such bucket at this endpoint: make it, or correct its name, the region or the ServiceUrl",
            _ when code is "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" || IsRedirect(error) =>
                "The bucket is in another region: set Region to the bucket's",
            _ when code is "InvalidAccessKeyId" or "SignatureDoesNotMatch" => "The credentials are wrong for this endpoint: check access key, secret and ServiceUrl",
            _ when code is "ExpiredToken" or "ExpiredTokenException" or "InvalidToken" or "TokenRefreshRequired" => "The session's credentials have expired: renew them",
            _ when code is "NotImplemented" or "NotSupported" => "The service lacks something that the store needs, such as conditional puts (If-None-Match): use one that has it",
            _ when error is AmazonClientException client && error is not AmazonServiceException && S3Faults.IsAboutCredentials(client) =>
                "Give the process credentials in one of the ways of the AWS SDK (environment, profile, role), or give the store a client that has some",
            _ when IsForbidden(error) => Permission(bucket, action, key),
            _ => "See the inner error of the AWS SDK",
        } + ".";
    }

    private static bool IsForbidden(Exception error) => error is AmazonServiceException { StatusCode: HttpStatusCode.Forbidden };

    private static bool IsRedirect(Exception error) => error is AmazonServiceException { StatusCode: >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest };

    private static string Permission(S3Bucket bucket, S3Action action, string key)
    {
        string resource = $"arn:{bucket.Partition}:s3:::{bucket.BucketName}";
        string granted = $"Allow {action.Permission} on {(action.IsOnBucket ? resource : $"{resource}/{key}")}";
        return action == S3Action.Get || action == S3Action.Head
            ? $"{granted}; and s3:ListBucket on {resource}, without which the service gives this answer for objects that do not exist, too"
            : granted;
    }
}
