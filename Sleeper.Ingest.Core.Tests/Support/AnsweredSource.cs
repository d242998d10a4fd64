using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A file far away: each request waits until the test answers it. Nothing here looks at a clock.</summary>
internal sealed class AnsweredSource(string name, byte[] bytes) : IRandomAccessReader
{
    private readonly List<Request> _requests = [];

    public string Name => name;

    public long Length => bytes.Length;

    public long RequestCostBytes { get; init; } = 1 << 20;

    /// <summary>True to answer each request at once.</summary>
    public bool AnswersAtOnce { get; set; } = true;

    /// <summary>What the test wants to know of the moment in which a request is sent.</summary>
    public Func<long> Moment { get; set; } = () => 0;

    /// <summary>All requests in the order in which they were sent.</summary>
    public IReadOnlyList<Request> Requests => _requests;

    /// <summary>Requests that wait for their answer.</summary>
    public IReadOnlyList<Request> Waiting => [.. _requests.Where(request => !request.IsAnswered)];

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var request = new Request(offset, buffer.Length, Moment());
        _requests.Add(request);
        if (!AnswersAtOnce)
        {
            using var registration = cancellationToken.Register(() => request.Refuse(new OperationCanceledException(cancellationToken)));
            await request.Answered;
        }

        request.Answer();
        bytes.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
    }

    /// <summary>One read of a range.</summary>
    internal sealed record Request(long Offset, int LengthBytes, long SentAt)
    {
        private readonly TaskCompletionSource _answer = new();

        public Task Answered => _answer.Task;

        /// <summary>What it ended with; null for its bytes.</summary>
        public async Task<Exception?> EndAsync()
        {
            await ((Task)_answer.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return _answer.Task.Exception?.InnerException;
        }

        public bool IsAnswered => _answer.Task.IsCompleted;

        /// <summary>Lets the reader go on, as far as it comes, before this returns.</summary>
        public void Answer() => _answer.TrySetResult();

        public void Refuse(Exception fault) => _answer.TrySetException(fault);
    }
}
