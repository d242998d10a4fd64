using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>One reply as the SDK's pipeline carries it: its JSON.</summary>
internal sealed class AwsJsonReply : AmazonWebServiceResponse
{
    public byte[] Body { get; init; } = [];
}
