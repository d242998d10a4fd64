using System.Text.Json.Serialization;

namespace Sleeper.Ingest.Core.Queues.Sqs;

/// <summary>The bodies of the service's requests and replies, by the names of its API. Nulls are left out.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CreateQueueRequest))]
[JsonSerializable(typeof(GetQueueUrlRequest))]
[JsonSerializable(typeof(QueueUrlReply))]
[JsonSerializable(typeof(GetQueueAttributesRequest))]
[JsonSerializable(typeof(GetQueueAttributesReply))]
[JsonSerializable(typeof(SendMessageRequest))]
[JsonSerializable(typeof(SendMessageReply))]
[JsonSerializable(typeof(ReceiveMessageRequest))]
[JsonSerializable(typeof(ReceiveMessageReply))]
[JsonSerializable(typeof(DeleteMessageRequest))]
[JsonSerializable(typeof(ChangeMessageVisibilityRequest))]
[JsonSerializable(typeof(RedrivePolicy))]
internal sealed partial class SqsJson : JsonSerializerContext;

internal sealed record CreateQueueRequest(string QueueName, Dictionary<string, string>? Attributes);

internal sealed record GetQueueUrlRequest(string QueueName, string? QueueOwnerAWSAccountId);

internal sealed record QueueUrlReply(string QueueUrl);

internal sealed record GetQueueAttributesRequest(string QueueUrl, IReadOnlyList<string> AttributeNames);

internal sealed record GetQueueAttributesReply(Dictionary<string, string>? Attributes);

internal sealed record SendMessageRequest(string QueueUrl, string MessageBody, int? DelaySeconds, string? MessageGroupId, string? MessageDeduplicationId);

internal sealed record SendMessageReply(string MessageId, string MD5OfMessageBody);

/// <summary>System attributes are asked for by both names: the service knows the second one, older emulators only the first.</summary>
internal sealed record ReceiveMessageRequest(
    string QueueUrl, int MaxNumberOfMessages, int WaitTimeSeconds, int VisibilityTimeout, IReadOnlyList<string> AttributeNames, IReadOnlyList<string> MessageSystemAttributeNames);

internal sealed record ReceiveMessageReply(IReadOnlyList<ReceivedMessage>? Messages);

internal sealed record ReceivedMessage(string MessageId, string ReceiptHandle, string? Body, string? MD5OfBody, Dictionary<string, string>? Attributes);

internal sealed record DeleteMessageRequest(string QueueUrl, string ReceiptHandle);

internal sealed record ChangeMessageVisibilityRequest(string QueueUrl, string ReceiptHandle, int VisibilityTimeout);

/// <summary>The attribute RedrivePolicy. The count comes as a number or as text.</summary>
internal sealed record RedrivePolicy(
    [property: JsonPropertyName("deadLetterTargetArn")] string? DeadLetterTargetArn,
    [property: JsonPropertyName("maxReceiveCount"), JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)] int MaxReceiveCount);
