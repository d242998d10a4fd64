using System.Net;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>What goes wrong with a request.</summary>
internal enum HttpFaultKind
{
    LoseRequest,
    LoseReply,
    CutBody,
    DamageReply,
    HalfBody,
    DamageRequest,
    Refuse,
    RefuseAfter,
    TimeOut,
    Hold,
}

/// <summary>One fault of <see cref="FaultyHttp"/>: which requests it strikes and how.</summary>
/// <param name="kind">How.</param>
/// <param name="operation">The operation; null for all.</param>
/// <param name="call">The first request of those that match, from 1.</param>
/// <param name="times">How many in a row.</param>
internal sealed class HttpFault(HttpFaultKind kind, string? operation, int call, int times)
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _struck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _seen;

    public HttpFaultKind Kind => kind;

    /// <summary>Which requests it may strike besides; null for all.</summary>
    public Func<HttpCall, bool>? Where { get; init; }

    public HttpStatusCode Status { get; init; } = HttpStatusCode.InternalServerError;

    public string Code { get; init; } = "InternalError";

    /// <summary>The time that an answer of its own bears; null for the true one.</summary>
    public DateTimeOffset? ServerTime { get; init; }

    /// <summary>How many requests it struck.</summary>
    public int StrikeCount { get; private set; }

    /// <summary>Ends when the first request is struck.</summary>
    public Task Struck => _struck.Task;

    /// <summary>Lets held requests go on.</summary>
    public void Release() => _released.TrySetResult();

    public Task WaitAsync(CancellationToken cancellationToken) => _released.Task.WaitAsync(cancellationToken);

    /// <summary>Whether this request is one of those. Counts; called under the lock of its handler.</summary>
    public bool IsDue(HttpCall request)
    {
        if ((operation is not null && operation != request.Operation) || (Where is not null && !Where(request)))
        {
            return false;
        }

        _seen++;
        return _seen >= call && _seen < (long)call + times;
    }

    /// <summary>Notes that it strikes. Called under the lock of its handler; of several that are due the one that was added first strikes.</summary>
    public void Strike()
    {
        StrikeCount++;
        _struck.TrySetResult();
    }
}
