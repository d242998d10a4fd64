using System.Net;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>Stands behind a client in place of a server: keeps each request, and answers it with an empty JSON object.</summary>
internal sealed class RequestRecorder : HttpMessageHandler
{
    /// <summary>The operations asked for, as the <c>X-Amz-Target</c> header names them.</summary>
    public List<string> Targets { get; } = [];

    public List<JsonNode> Bodies { get; } = [];

    public AmazonDynamoDBClient NewDynamoDbClient() => new(
        AwsEmulator.Credentials,
        new AmazonDynamoDBConfig { ServiceURL = "http://recorder.invalid", AuthenticationRegion = AwsEmulator.Region, HttpClientFactory = new Factory(this) });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Targets.Add(request.Headers.GetValues("X-Amz-Target").Single());
        Bodies.Add(JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!);
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}", null, "application/x-amz-json-1.0"), RequestMessage = request };
    }

    private sealed class Factory(RequestRecorder recorder) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(recorder, disposeHandler: false);
    }
}
