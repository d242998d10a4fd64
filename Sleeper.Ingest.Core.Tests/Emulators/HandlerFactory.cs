using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>Makes the SDK send its requests into a handler of ours. The handler outlives the clients.</summary>
internal sealed class HandlerFactory(HttpMessageHandler handler) : HttpClientFactory
{
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
}
