using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Writes down every request that the SDK's clients send, on its way to the real server.</summary>
/// <example><code>config.HttpClientFactory = new CountedRequests();</code></example>
internal sealed class CountedRequests : HttpClientFactory
{
    private readonly Lock _lock = new();
    private readonly List<string> _requests = [];

    /// <summary>For example <c>Query sleeper-x-table-index-by-name</c> or <c>GET /bucket/key</c>, in the order in which they were sent.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    public void Forget()
    {
        lock (_lock)
        {
            _requests.Clear();
        }
    }

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new Handler(this));

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    private sealed class Handler(CountedRequests owner) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string line = $"{request.Method} {request.RequestUri!.AbsolutePath}";
            if (request.Headers.TryGetValues("X-Amz-Target", out var targets))
            {
                string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
                using var json = System.Text.Json.JsonDocument.Parse(body);
                string table = json.RootElement.TryGetProperty("TableName", out var name) ? name.GetString()! : "several";
                line = $"{targets.First().Split('.')[1]} {table}";
            }

            lock (owner._lock)
            {
                owner._requests.Add(line);
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
