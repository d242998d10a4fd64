using System.Net;
using System.Text;
using Amazon.Runtime;
using Sleeper.Ingest.Core.Queues.Sqs;

namespace Sleeper.Ingest.Core.Tests.Queues;

/// <summary>Answers a client's HTTP requests in this process, one after the other as scripted; the last answer stays.</summary>
internal sealed class ScriptedSqs(params (HttpStatusCode Status, string Body)[] answers) : HttpMessageHandler
{
    public List<(string Url, string Target, string Authorization, string Body)> Requests { get; } = [];

    public SqsClient NewClient(SqsClientConfig? config = null)
    {
        config ??= new SqsClientConfig { ServiceURL = "http://queue.example", AuthenticationRegion = "eu-west-2" };
        config.HttpClientFactory = new Factory(this);
        return new SqsClient(new BasicAWSCredentials("key", "secret"), config);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (status, body) = answers[Math.Min(Requests.Count, answers.Length - 1)];
        Requests.Add((
            request.RequestUri!.ToString(),
            request.Headers.GetValues("X-Amz-Target").Single(),
            request.Headers.NonValidated["Authorization"].ToString(),
            await request.Content!.ReadAsStringAsync(cancellationToken)));
        return new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/x-amz-json-1.0"), RequestMessage = request };
    }

    private sealed class Factory(HttpMessageHandler handler) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(handler, disposeHandler: false);
    }
}
