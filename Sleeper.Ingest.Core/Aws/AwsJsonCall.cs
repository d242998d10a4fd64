using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>One call as the SDK's pipeline carries it: the service, the operation's name, and its JSON.</summary>
internal sealed class AwsJsonCall(AwsJsonService service, string operation, byte[] body) : AmazonWebServiceRequest
{
    public AwsJsonService Service => service;

    public string Operation => operation;

    public byte[] Body => body;

    /// <summary>How often it was tried: the SDK repeats what seems worth it.</summary>
    public int TryCount { get; set; }
}
