using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>Turns what the SDK throws into errors that say what was asked of which DynamoDB table, and what to do.</summary>
internal static class DynamoDbErrors
{
    private static readonly HashSet<string> NoPermission = new(StringComparer.Ordinal)
    {
        "AccessDeniedException", "AccessDenied", "NotAuthorized", "UnauthorizedOperation",
    };

    private static readonly HashSet<string> BadCredentials = new(StringComparer.Ordinal)
    {
        "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationTokenException", "IncompleteSignatureException",
        "ExpiredTokenException",
    };

    private static readonly HashSet<string> Throttled = new(StringComparer.Ordinal)
    {
        "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling", "SlowDown",
    };

    /// <summary>
    /// True if a server answered that it will not do it, and would answer the same again: no permission, no such table, a request that it does not accept. The
    /// answer is to the last try of the SDK: an earlier one may have been done, so who wrote still reads back.
    /// </summary>
    public static bool IsRefusal(Exception e) =>
        e is AmazonServiceException { StatusCode: >= System.Net.HttpStatusCode.BadRequest and < System.Net.HttpStatusCode.InternalServerError } service
        && !Throttled.Contains(service.ErrorCode ?? "") && service is not TransactionConflictException and not TransactionInProgressException and not ConditionalCheckFailedException
        && !(service is TransactionCanceledException cancelled && IsPassing(cancelled))
        && service.StatusCode is not System.Net.HttpStatusCode.RequestTimeout and not System.Net.HttpStatusCode.TooManyRequests;

    /// <summary>A transaction that was given up for one of another's, or for too many requests.</summary>
    private static bool IsPassing(TransactionCanceledException cancelled) =>
        cancelled.CancellationReasons?.Exists(r => r.Code is "TransactionConflict" or "ThrottlingError" or "ProvisionedThroughputExceeded" or "RequestLimitExceeded") ?? false;

    /// <summary>The same of an error that was translated.</summary>
    public static bool IsRefused(Exception e) => e is IngestException { InnerException: { } inner } && IsRefusal(inner);

    /// <summary>Calls the SDK; its errors come out translated, but for a condition that did not hold.</summary>
    /// <param name="operation">The operation, for example <c>PutItem</c>.</param>
    /// <param name="table">The DynamoDB table.</param>
    /// <param name="what">What it is for, for example "the files log of table 'events'".</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">That of the call: a time-out of the SDK's own is an error like any other.</param>
    public static async Task<T> CallAsync<T>(string operation, string table, string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not ConditionalCheckFailedException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw Translate(e, operation, table, what);
        }
    }

    /// <param name="e">What the SDK threw.</param>
    /// <param name="operation">The operation, for example <c>PutItem</c>.</param>
    /// <param name="table">The DynamoDB table.</param>
    /// <param name="what">What it was for, for example "the files log of table 'events'".</param>
    public static IngestException Translate(Exception e, string operation, string table, string what)
    {
        string code = (e as AmazonServiceException)?.ErrorCode ?? "";
        if (NoPermission.Contains(code))
        {
            return new IngestException(
                $"No permission for dynamodb:{operation} on the DynamoDB table '{table}' ({what}): {e.Message} "
                + $"Allow the action dynamodb:{operation} on that table to the credentials in use; Sleeper's role for direct ingest has it.", e);
        }

        if (BadCredentials.Contains(code))
        {
            return new IngestException(
                $"The credentials were not accepted for dynamodb:{operation} on the DynamoDB table '{table}' ({what}), {code}: {e.Message} "
                + "Renew them, and check the region and the clock of this machine.", e)
            {
                IsRetryable = code == "ExpiredTokenException",
            };
        }

        if (e is ResourceNotFoundException)
        {
            return new IngestException(
                $"There is no DynamoDB table '{table}' ({what}) for dynamodb:{operation}: {e.Message} Check the region, the endpoint and that the instance is deployed.", e);
        }

        return new IngestException(
            Throttled.Contains(code)
                ? $"DynamoDB refused dynamodb:{operation} on the table '{table}' ({what}) because there were too many requests, {code}: {e.Message} Try again later."
                : $"dynamodb:{operation} on the DynamoDB table '{table}' ({what}) failed{(code.Length > 0 ? $", {code}" : "")}: {e.Message}",
            e)
        {
            IsRetryable = !IsRefusal(e),
        };
    }
}
