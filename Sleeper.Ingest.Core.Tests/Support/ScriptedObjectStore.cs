using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A store whose calls go wrong as a test says, and which counts them.</summary>
internal sealed class ScriptedObjectStore(IObjectStore inner) : IObjectStore
{
    private readonly object _lock = new();
    private readonly List<string> _calls = [];

    /// <summary>What happens to a call: asked for each, with its verb ("put-if-absent", "put", "open", "head", "delete", "list", "barrier", "flush") and path.</summary>
    public Func<string, string, ScriptedFault> Fault { get; set; } = (_, _) => ScriptedFault.None;

    /// <summary>Called before a put-if-absent takes effect: room for somebody who is faster.</summary>
    public Func<string, Task>? BeforePut { get; set; }

    public string Name => inner.Name;

    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    public void ForgetCalls()
    {
        lock (_lock)
        {
            _calls.Clear();
        }
    }

    public async Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var fault = Next("put-if-absent", path);
        if (BeforePut is { } before)
        {
            await before(path);
        }

        if (fault == ScriptedFault.OverwritesInstead)
        {
            await inner.PutAsync(path, content, CancellationToken.None);
            return true;
        }

        bool result = await inner.PutIfAbsentAsync(path, content, CancellationToken.None);
        ThrowAfter(fault, path);
        return result;
    }

    public async Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        var fault = Next("put", path);
        await inner.PutAsync(path, content, cancellationToken);
        ThrowAfter(fault, path);
    }

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default)
    {
        Next("create", path);
        return inner.CreateAsync(path, cancellationToken);
    }

    public ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Next("open", path);
        return inner.OpenAsync(path, cancellationToken);
    }

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        Next("head", path);
        return inner.HeadAsync(path, cancellationToken);
    }

    public async Task DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        var fault = Next("delete", path);
        await inner.DeleteAsync(path, cancellationToken);
        ThrowAfter(fault, path);
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default)
    {
        Next("list", prefix);
        return inner.ListAsync(prefix, startAfter, cancellationToken);
    }

    public async ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default)
    {
        Next("barrier", "");
        return new Barrier(this, await inner.OpenBarrierAsync(cancellationToken));
    }

    private ScriptedFault Next(string verb, string path)
    {
        lock (_lock)
        {
            _calls.Add($"{verb} {path}");
        }

        var fault = Fault(verb, path);
        return fault == ScriptedFault.Before ? throw new IOException($"Planned: {verb} of '{path}' fails before it takes effect.") : fault;
    }

    private static void ThrowAfter(ScriptedFault fault, string path)
    {
        if (fault == ScriptedFault.After)
        {
            throw new IOException($"Planned: the answer for '{path}' is lost.");
        }
    }

    private sealed class Barrier(ScriptedObjectStore store, IWriteBarrier inner) : IWriteBarrier
    {
        public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default)
        {
            foreach (string path in paths)
            {
                store.Next("flush", path);
            }

            return inner.FlushAsync(paths, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
