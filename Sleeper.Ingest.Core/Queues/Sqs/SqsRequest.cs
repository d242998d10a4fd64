using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Queues.Sqs;

/// <summary>One call as the SDK's pipeline carries it: the operation's name and its JSON.</summary>
internal sealed class SqsRequest(string operation, byte[] body) : AmazonWebServiceRequest
{
    public string Operation => operation;

    public byte[] Body => body;
}
