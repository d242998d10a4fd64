using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using Sleeper.Ingest.Core.Aws;

namespace Sleeper.Ingest.Core.Queues.Sqs;

/// <summary>A queue of Amazon SQS, standard or FIFO.</summary>
/// <remarks>
/// <para>Permissions: sqs:SendMessage to send; sqs:ReceiveMessage, sqs:ChangeMessageVisibility and sqs:DeleteMessage to work; sqs:GetQueueAttributes to count and to
/// know the policy; sqs:GetQueueUrl and sqs:SendMessage on the queue of dead letters to set messages aside.</para>
/// <para>What a message weighs is limited by the service: 1 MiB, by default 256 KiB for queues made before 2025.</para>
/// <para>Whether a lease is lost cannot always be seen: the service may prolong one that ran out, as long as nobody else received the message.</para>
/// </remarks>
public sealed class SqsQueue : IMessageQueue
{
    private const int MaxWaitSeconds = 20;
    private const int MaxDelaySeconds = 900;
    private const int MaxLeaseSeconds = 43_200; // 12 hours
    private static readonly string[] PolicyAttributes = ["RedrivePolicy"];
    private static readonly string[] CountAttributes = ["ApproximateNumberOfMessages"];
    private static readonly string[] ReceivedAttributes = ["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"];

    // What the service answers where a receipt is no longer good.
    private static readonly string[] LostLease = ["MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue", "InvalidIdFormat"];

    private readonly SqsClient _client;
    private QueuePolicy? _policy;
    private string? _deadLetterUrl;

    /// <summary>A queue by its address.</summary>
    /// <param name="client">The caller's own: it is not disposed of.</param>
    /// <param name="queueUrl">As the service gives it, such as <c>https://sqs.eu-west-2.amazonaws.com/123456789012/jobs</c>.</param>
    public SqsQueue(SqsClient client, string queueUrl)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrWhiteSpace(queueUrl);
        _client = client;
        Name = queueUrl;
    }

    /// <summary>The queue's address.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public async Task<string> SendAsync(string body, QueueSendOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        var reply = await RunAsync("SendMessage", () => SendToAsync(Name, body, options, cancellationToken)).ConfigureAwait(false);
        return reply.MessageId;
    }

    /// <inheritdoc/>
    public async Task<QueueMessage?> ReceiveAsync(TimeSpan wait, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        var request = new ReceiveMessageRequest(Name, 1, Seconds(wait, MaxWaitSeconds), Seconds(lease, MaxLeaseSeconds), ReceivedAttributes, ReceivedAttributes);
        var reply = await RunAsync("ReceiveMessage", () => _client.ReceiveAsync(request, cancellationToken)).ConfigureAwait(false);
        return reply.Messages is [var received, ..] ? ToMessage(received) : null;
    }

    /// <inheritdoc/>
    public async Task<bool> KeepAsync(QueueMessage message, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return await ChangeVisibilityAsync(message, Seconds(lease, MaxLeaseSeconds), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(QueueMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var request = new DeleteMessageRequest(Name, message.Receipt);
        await RunAsync("DeleteMessage", async () =>
        {
            await _client.DeleteAsync(request, cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task GiveBackAsync(QueueMessage message, TimeSpan delay, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        await ChangeVisibilityAsync(message, Seconds(delay, MaxLeaseSeconds), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Where the queue lets a message be received again, a copy goes to the queue of dead letters and then the message is deleted. Where it does not, the message becomes
    /// visible: the service moves it when it is next asked for one. Where there is no queue of dead letters, it is deleted.
    /// </summary>
    /// <inheritdoc/>
    public async Task SetAsideAsync(QueueMessage message, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var policy = await GetPolicyAsync(cancellationToken).ConfigureAwait(false);
        if (policy.DeadLetters is not { } target)
        {
            await DeleteAsync(message, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (policy.MaxReceiveCount is not { } most || message.ReceiveCount >= most)
        {
            await ChangeVisibilityAsync(message, 0, cancellationToken).ConfigureAwait(false);
            return;
        }

        // A message that was received has a body; the emulators' empty ones can only be moved by the service itself.
        if (string.IsNullOrEmpty(message.Body))
        {
            await DeleteAsync(message, cancellationToken).ConfigureAwait(false);
            return;
        }

        _deadLetterUrl ??= await FindDeadLettersAsync(target, cancellationToken).ConfigureAwait(false);
        var options = message.GroupId is null || !Name.EndsWith(".fifo", StringComparison.Ordinal)
            ? null
            : new QueueSendOptions { GroupId = message.GroupId, DeduplicationId = message.Id };
        await RunAsync("SendMessage", () => SendToAsync(_deadLetterUrl, message.Body, options, cancellationToken)).ConfigureAwait(false);
        await DeleteAsync(message, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<long> CountAsync(CancellationToken cancellationToken = default)
    {
        var found = await RunAsync("GetQueueAttributes", () => _client.GetAttributesAsync(Name, CountAttributes, cancellationToken)).ConfigureAwait(false);
        return found.TryGetValue(CountAttributes[0], out string? count) && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw Fault("GetQueueAttributes", $"The reply has no {CountAttributes[0]}, or one that is no number ('{count}').", null, false);
    }

    /// <summary>What the attribute <c>RedrivePolicy</c> says; asked for once.</summary>
    public async Task<QueuePolicy> GetPolicyAsync(CancellationToken cancellationToken = default) =>
        _policy ??= await ReadPolicyAsync(cancellationToken).ConfigureAwait(false);

    private async Task<QueuePolicy> ReadPolicyAsync(CancellationToken cancellationToken)
    {
        var found = await RunAsync("GetQueueAttributes", () => _client.GetAttributesAsync(Name, PolicyAttributes, cancellationToken)).ConfigureAwait(false);
        if (!found.TryGetValue(PolicyAttributes[0], out string? text) || string.IsNullOrWhiteSpace(text))
        {
            return new QueuePolicy(null, null);
        }

        try
        {
            var policy = JsonSerializer.Deserialize(text, SqsJson.Default.RedrivePolicy)!;
            return new QueuePolicy(policy.MaxReceiveCount, policy.DeadLetterTargetArn);
        }
        catch (JsonException e)
        {
            throw Fault("GetQueueAttributes", $"The redrive policy '{text}' cannot be read: {e.Message}", e, false);
        }
    }

    /// <param name="arn"><c>arn:aws:sqs:region:account:name</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task<string> FindDeadLettersAsync(string arn, CancellationToken cancellationToken)
    {
        string[] parts = arn.Split(':');
        return parts is [_, _, _, _, var account, var name]
            ? await RunAsync("GetQueueUrl", () => _client.GetQueueUrlAsync(name, account, cancellationToken)).ConfigureAwait(false)
            : throw Fault("GetQueueUrl", $"The target of dead letters, '{arn}', is not the ARN of a queue.", null, false);
    }

    private async Task<SendMessageReply> SendToAsync(string url, string body, QueueSendOptions? options, CancellationToken cancellationToken)
    {
        int? delay = options is { Delay.Ticks: > 0 } ? Seconds(options.Delay, MaxDelaySeconds) : null;
        var request = new SendMessageRequest(url, body, delay, options?.GroupId, options?.DeduplicationId);
        var reply = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        return reply.MD5OfMessageBody == Md5(body)
            ? reply
            : throw Fault("SendMessage", $"The queue stored another body than was sent, as message '{reply.MessageId}': its MD5 is {reply.MD5OfMessageBody}, not {Md5(body)}.", null, true);
    }

    private async Task<bool> ChangeVisibilityAsync(QueueMessage message, int seconds, CancellationToken cancellationToken)
    {
        var request = new ChangeMessageVisibilityRequest(Name, message.Receipt, seconds);
        return await RunAsync("ChangeMessageVisibility", async () =>
        {
            try
            {
                await _client.ChangeVisibilityAsync(request, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (AmazonServiceException e) when (LostLease.Any(code => e.ErrorCode?.EndsWith(code, StringComparison.Ordinal) == true))
            {
                return false;
            }
        }).ConfigureAwait(false);
    }

    private QueueMessage ToMessage(ReceivedMessage received)
    {
        if (received is { Body: not null, MD5OfBody: not null } && received.MD5OfBody != Md5(received.Body))
        {
            throw Fault(
                "ReceiveMessage",
                $"The body of message '{received.MessageId}' was damaged on its way: its MD5 is {Md5(received.Body)}, not {received.MD5OfBody}. It comes again when its lease has run out.",
                null,
                isRetryable: true);
        }

        string? Attribute(string name) => received.Attributes?.GetValueOrDefault(name);
        return new QueueMessage
        {
            Id = received.MessageId,
            Body = received.Body,
            Receipt = received.ReceiptHandle,
            ReceiveCount = int.TryParse(Attribute("ApproximateReceiveCount"), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? Math.Max(1, count) : 1,
            SentAt = long.TryParse(Attribute("SentTimestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out long sent)
                ? DateTimeOffset.FromUnixTimeMilliseconds(sent)
                : null,
            GroupId = Attribute("MessageGroupId"),
        };
    }

    private async Task<T> RunAsync<T>(string operation, Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (AmazonServiceException e)
        {
            bool isRetryable = (int)e.StatusCode is >= 500 or 429 || (e.ErrorCode?.Contains("Throttl", StringComparison.OrdinalIgnoreCase) ?? false);
            throw Fault(operation, $"SQS answered {(int)e.StatusCode} {e.ErrorCode}: {e.Message} {Remedy(operation, e)}", e, isRetryable);
        }
        catch (AmazonClientException e)
        {
            throw Fault(operation, $"{e.Message} Check region, endpoint and credentials.", e, isRetryable: e.InnerException is HttpRequestException or IOException);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw Fault(operation, $"The service could not be reached: {e.Message}", e, isRetryable: true);
        }
    }

    private QueueException Fault(string operation, string what, Exception? inner, bool isRetryable) =>
        new(Name, $"{operation} on the queue '{Name}' failed. {what}", inner)
        {
            IsRetryable = isRetryable,
            IsForbidden = inner is AmazonServiceException { StatusCode: HttpStatusCode.Forbidden },
            IsRefusal = inner is AmazonServiceException refused && (int)refused.StatusCode is >= 400 and < 500 && AwsJsonClient.TryCountOf(refused) == 1,
        };

    private static string Remedy(string operation, AmazonServiceException error) => error.StatusCode switch
    {
        _ when error.ErrorCode?.Contains("NonExistentQueue", StringComparison.Ordinal) == true || error.ErrorCode == "QueueDoesNotExist" =>
            "Check the queue's address, its region and its account.",
        HttpStatusCode.Forbidden => $"Give the caller sqs:{operation} on this queue, or check its credentials.",
        _ => "",
    };

    private static int Seconds(TimeSpan time, int most) => (int)Math.Clamp(Math.Ceiling(time.TotalSeconds), 0, most);

    // The service's own checksum of a body; it protects against accidents only.
#pragma warning disable CA5351
    private static string Md5(string body) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(body)));
#pragma warning restore CA5351
}
