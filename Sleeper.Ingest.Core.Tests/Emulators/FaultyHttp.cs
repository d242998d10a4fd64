using System.Net;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>Stands between the SDK and a service and breaks by script: the n-th request of a kind gets no answer, a wrong one, half of one, or one too late.</summary>
/// <remarks>
/// <code>
/// var http = new FaultyHttp(s3);                       // s3: an InProcessS3, or a SocketsHttpHandler on the way to an emulator
/// var lost = http.LoseReply("PutObject", call: 2);     // it takes effect, and the answer never comes
/// using var client = s3.NewClient(http);
/// </code>
/// Requests are those that the SDK sends: its own attempts each count. Counts all. Thread-safe.
/// </remarks>
internal sealed class FaultyHttp(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private readonly Lock _lock = new();
    private readonly List<HttpFault> _faults = [];
    private readonly List<HttpCall> _calls = [];

    /// <summary>All requests so far, in order.</summary>
    public IReadOnlyList<HttpCall> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>The connection breaks before the request arrives.</summary>
    public HttpFault LoseRequest(string? operation = null, int call = 1, int times = 1) => Add(new HttpFault(HttpFaultKind.LoseRequest, operation, call, times));

    /// <summary>The request takes effect, then the connection breaks.</summary>
    public HttpFault LoseReply(string? operation = null, int call = 1, int times = 1) => Add(new HttpFault(HttpFaultKind.LoseReply, operation, call, times));

    /// <summary>The request takes effect; of the body of the answer half arrives, then the connection breaks.</summary>
    public HttpFault CutBody(string? operation = null, int call = 1, int times = 1) => Add(new HttpFault(HttpFaultKind.CutBody, operation, call, times));

    /// <summary>The request takes effect; one bit of the body of the answer is turned.</summary>
    public HttpFault DamageReply(string? operation = null, int call = 1, int times = 1) => Add(new HttpFault(HttpFaultKind.DamageReply, operation, call, times));

    /// <summary>One bit of the request's body is turned on its way.</summary>
    public HttpFault DamageRequest(string? operation = null, int call = 1, int times = 1) => Add(new HttpFault(HttpFaultKind.DamageRequest, operation, call, times));

    /// <summary>The service answers with an error and does nothing.</summary>
    public HttpFault Refuse(HttpStatusCode status, string code, string? operation = null, int call = 1, int times = 1) =>
        Add(new HttpFault(HttpFaultKind.Refuse, operation, call, times) { Status = status, Code = code });

    /// <summary>The service does what it was asked and answers with an error.</summary>
    public HttpFault RefuseAfter(HttpStatusCode status, string code, string? operation = null, int call = 1, int times = 1) =>
        Add(new HttpFault(HttpFaultKind.RefuseAfter, operation, call, times) { Status = status, Code = code });

    /// <summary>No answer until <see cref="HttpFault.Release"/>, or until the client gives up; the request takes effect when it is let go.</summary>
    public HttpFault Hold(string? operation = null, int call = 1, int times = 1) => Add(new HttpFault(HttpFaultKind.Hold, operation, call, times));

    public HttpFault Add(HttpFault fault)
    {
        lock (_lock)
        {
            _faults.Add(fault);
        }

        return fault;
    }

    /// <summary>Takes all faults away and lets held requests go.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            _faults.ForEach(static fault => fault.Release());
            _faults.Clear();
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpFault? fault = null;
        var call = HttpCall.Of(request);
        lock (_lock)
        {
            _calls.Add(call);
            foreach (var candidate in _faults)
            {
                if (candidate.IsDue(call)) // each of them counts
                {
                    fault ??= candidate;
                }
            }

            fault?.Strike();
        }

        return fault is null ? await base.SendAsync(request, cancellationToken) : await StrikeAsync(fault, call, request, cancellationToken);
    }

    private async Task<HttpResponseMessage> StrikeAsync(HttpFault fault, HttpCall call, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        switch (fault.Kind)
        {
            case HttpFaultKind.LoseRequest:
                throw new HttpRequestException($"The connection was reset before {call} arrived.");
            case HttpFaultKind.Refuse:
                return Refusal(fault, call, request);
            case HttpFaultKind.Hold:
                await fault.WaitAsync(cancellationToken);
                return await base.SendAsync(request, cancellationToken);
            case HttpFaultKind.DamageRequest:
                await DamageAsync(request);
                return await base.SendAsync(request, cancellationToken);
        }

        var answer = await base.SendAsync(request, cancellationToken);
        switch (fault.Kind)
        {
            case HttpFaultKind.LoseReply:
                answer.Dispose();
                throw new HttpRequestException($"The connection was reset before the answer to {call} came.");
            case HttpFaultKind.TimeOut: // what HttpClient makes of an answer that does not come in time
                answer.Dispose();
                throw new TaskCanceledException($"No answer to {call} came in time.", new TimeoutException());
            case HttpFaultKind.RefuseAfter:
                answer.Dispose();
                return Refusal(fault, call, request);
            case HttpFaultKind.HalfBody: // with a length that fits: nothing but the text tells
                byte[] all = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
                answer.Content = Replace(answer.Content, new MemoryStream(all, 0, all.Length / 2), all.Length / 2);
                return answer;
            default:
                byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
                answer.Content = Replace(answer.Content, fault.Kind == HttpFaultKind.CutBody ? new CutStream(body, body.Length / 2) : new MemoryStream(TurnBit(body)), body.Length);
                return answer;
        }
    }

    private static HttpResponseMessage Refusal(HttpFault fault, HttpCall call, HttpRequestMessage request)
    {
        // HEAD has no body, so the client sees the status alone. A service with targets speaks JSON.
        var answer = request.Headers.Contains("X-Amz-Target")
            ? new HttpResponseMessage(fault.Status) { Content = new StringContent($"{{\"__type\":\"com.amazonaws#{fault.Code}\",\"message\":\"scripted\"}}") }
            : new S3Refusal(fault.Status, fault.Code, $"scripted for {call.Operation}").ToAnswer(request.Method == HttpMethod.Head);
        answer.RequestMessage = request;
        answer.Headers.Date = fault.ServerTime ?? DateTimeOffset.UtcNow;
        return answer;
    }

    private static async Task DamageAsync(HttpRequestMessage request)
    {
        if (request.Content is { } content)
        {
            byte[] body = await content.ReadAsByteArrayAsync();
            request.Content = Replace(content, new MemoryStream(TurnBit(body)), body.Length);
        }
    }

    private static byte[] TurnBit(byte[] body)
    {
        if (body.Length > 0)
        {
            body[body.Length / 2] ^= 1;
        }

        return body;
    }

    private static StreamContent Replace(HttpContent content, Stream body, long length)
    {
        var changed = new StreamContent(body);
        foreach (var (name, values) in content.Headers)
        {
            changed.Headers.TryAddWithoutValidation(name, values);
        }

        changed.Headers.ContentLength = length;
        return changed;
    }

    /// <summary>Ends with an error of the connection before its length.</summary>
    private sealed class CutStream(byte[] bytes, int lengthBytes) : MemoryStream(bytes, 0, lengthBytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => Cut(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Cut(base.Read(buffer));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer, offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        private static int Cut(int read) => read > 0 ? read : throw new IOException("The connection was reset in the middle of the body.");
    }
}
