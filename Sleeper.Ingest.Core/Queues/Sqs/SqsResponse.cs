using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Queues.Sqs;

/// <summary>One reply as the SDK's pipeline carries it: its JSON.</summary>
internal sealed class SqsResponse : AmazonWebServiceResponse
{
    public byte[] Body { get; init; } = [];
}
