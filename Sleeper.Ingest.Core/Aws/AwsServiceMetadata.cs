using Amazon.Runtime.Internal;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>The name of a service, for the SDK's user agent and metrics.</summary>
internal sealed class AwsServiceMetadata(string serviceId) : IServiceMetadata
{
    public string ServiceId => serviceId;

    public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>();
}
