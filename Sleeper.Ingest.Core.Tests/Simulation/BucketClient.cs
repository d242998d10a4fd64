using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>What one actor sees of the bucket: each call is a request that takes time, and that faults befall on either side of its effect.</summary>
internal class BucketClient(SimulatedBucket bucket, Faults faults, string actor) : IObjectStore
{
    private DateTimeOffset _outageUntil;

    public string Name => "bucket";

    /// <summary>A dead actor gets no answers any more.</summary>
    public bool IsDead { get; set; }

    protected SimulatedBucket Bucket => bucket;

    public virtual Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        byte[] bytes = content.ToArray();
        return CallAsync($"put-if-absent {path}", () => bucket.PutIfAbsent(path, bytes), changes: true, conditional: true, cancellationToken);
    }

    public virtual Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        byte[] bytes = content.ToArray();
        return CallAsync(
            $"put {path}",
            () =>
            {
                bucket.Put(path, bytes);
                return true;
            },
            changes: true,
            conditional: false,
            cancellationToken);
    }

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default) => new(new Writer(this, path));

    public async ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) =>
        await CallAsync($"get {path}", () => bucket.Get(path), changes: false, conditional: false, cancellationToken).ConfigureAwait(false) is { } bytes
            ? new Reader(bytes)
            : null;

    public virtual async ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) =>
        await CallAsync($"head {path}", () => bucket.Info(path), changes: false, conditional: false, cancellationToken).ConfigureAwait(false);

    public virtual Task DeleteAsync(string path, CancellationToken cancellationToken = default) => CallAsync(
        $"delete {path}",
        () =>
        {
            bucket.Delete(path);
            return true;
        },
        changes: true,
        conditional: false,
        cancellationToken);

    public virtual async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        bool stale = faults.Happens(FaultKind.StaleListing, 3);
        var found = await CallAsync(
            $"list {prefix}{(stale ? " (stale)" : "")}",
            () => bucket.List(prefix, stale).Where(p => startAfter is null || string.CompareOrdinal(p, startAfter) > 0)
                .Select(p => bucket.Info(p) ?? new ObjectInfo(p, 0, bucket.Loop.Now)).ToArray(),
            changes: false,
            conditional: false,
            cancellationToken).ConfigureAwait(false);
        foreach (var info in found)
        {
            yield return info;
        }
    }

    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) => new(new Barrier());

    private Task<T> CallAsync<T>(string what, Func<T> effect, bool changes, bool conditional, CancellationToken cancellationToken)
    {
        var loop = bucket.Loop;
        var answer = new TaskCompletionSource<T>();
        if (IsDead)
        {
            return answer.Task;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var registration = cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken));
        var sleep = faults.Happens(FaultKind.Sleep, 150) ? TimeSpan.FromMinutes(loop.Random.Next(1, 3_000)) : TimeSpan.Zero;
        if (faults.Happens(FaultKind.Outage, 300))
        {
            _outageUntil = loop.Now + TimeSpan.FromSeconds(loop.Random.Next(1, 400));
        }

        bool fails = loop.Now < _outageUntil || faults.Happens(FaultKind.ErrorBefore, 40) || (conditional && faults.Happens(FaultKind.Conflict, 20));
        bool lost = !fails && changes && faults.Happens(FaultKind.LostReply, 25);
        bool late = !fails && !lost && changes && faults.Happens(FaultKind.LandsLater, 40);
        var way = sleep + loop.Jitter();
        if (late)
        {
            loop.At(way + TimeSpan.FromMilliseconds(loop.Random.Next(1, 60_000)), () => Do());
            loop.At(way, () => Answer(() => throw new IOException($"No answer in time: {what}.")));
            return answer.Task;
        }

        loop.At(way, () =>
        {
            // A request on the wire is not called back by the death of its sender.
            T? result = fails || (IsDead && loop.Random.Next(2) == 0) ? default : Do();
            loop.At(loop.Jitter(), () => Answer(() => fails || lost ? throw new IOException($"Failed: {what}.") : result!));
        });
        return answer.Task;

        T Do()
        {
            loop.Trace($"{actor}: {what}");
            return effect();
        }

        void Answer(Func<T> result)
        {
            registration.Dispose();
            if (IsDead)
            {
                return;
            }

            try
            {
                answer.TrySetResult(result());
            }
            catch (IOException e)
            {
                answer.TrySetException(e);
            }
        }
    }

    private sealed class Reader(byte[] bytes) : IObjectReader
    {
        public long LengthBytes => bytes.Length;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            bytes.AsSpan((int)offset, buffer.Length).CopyTo(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Writer(BucketClient client, string path) : IObjectWriter
    {
        private readonly MemoryStream _bytes = new();

        public long LengthBytes => _bytes.Length;

        public ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
        {
            _bytes.Write(content.Span);
            return ValueTask.CompletedTask;
        }

        public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
        {
            if (!await client.PutIfAbsentAsync(path, _bytes.ToArray(), cancellationToken).ConfigureAwait(false))
            {
                throw new ObjectExistsException(client.Name, path);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Barrier : IWriteBarrier
    {
        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
