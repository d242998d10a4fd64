using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>The power went: nothing works any more.</summary>
internal sealed class PowerLostException() : Exception("The power is lost.");

/// <summary>
/// A disk in memory that knows what would survive a loss of power: bytes once their file was synced, names once their folder was. What was not synced is,
/// by chance, kept, dropped or torn, each file and each name for itself: more than any one file system does, and less than none of them promises.
/// </summary>
internal sealed class PowerLossDisk(Random random) : IFileSystem
{
    private Dictionary<string, Node> _seen = new(StringComparer.Ordinal) { ["/"] = new Node { IsFolder = true }, ["/store"] = new Node { IsFolder = true } };
    private readonly Dictionary<string, Node> _durable = new(StringComparer.Ordinal) { ["/"] = new Node { IsFolder = true }, ["/store"] = new Node { IsFolder = true } };

    private int _nodes;

    /// <summary>Operations so far that change something.</summary>
    public int Operations { get; private set; }

    /// <summary>True from then on until <see cref="LosePower"/> turned it on again.</summary>
    public bool IsOff { get; private set; }

    /// <summary>The operation at which the power goes, before or after its effect.</summary>
    public int LostAt { get; set; } = int.MaxValue;

    /// <summary>The power goes more often when it hurts: after a rename into a folder where an earlier name would not survive yet either.</summary>
    public bool IsSpiteful { get; init; }

    /// <summary>Planted: syncing a file does nothing.</summary>
    public bool IgnoresFileSyncs { get; init; }

    /// <summary>Planted: syncing a folder does nothing.</summary>
    public bool IgnoresFolderSyncs { get; init; }

    /// <summary>Takes away what chance takes of what was not synced; then the disk works again.</summary>
    public void LosePower()
    {
        foreach (var node in _seen.Values.Concat(_durable.Values).Distinct().OrderBy(n => n.Number))
        {
            node.LosePower(random);
        }

        // In an order that does not depend on the names of unfinished files, which are others in each run.
        foreach (string path in _seen.Keys.Union(_durable.Keys).OrderBy(NumberAt).ThenBy(p => p, StringComparer.Ordinal).ToList())
        {
            var (seen, durable) = (_seen.GetValueOrDefault(path), _durable.GetValueOrDefault(path));
            if (!ReferenceEquals(seen, durable) && random.Next(2) == 0)
            {
                Settle(path, seen);
            }
        }

        foreach (string path in _durable.Keys.OrderBy(p => p.Length).ToList())
        {
            if (path != "/" && !_durable.ContainsKey(Path.GetDirectoryName(path)!))
            {
                _durable.Remove(path);
            }
        }

        _seen = new Dictionary<string, Node>(_durable, StringComparer.Ordinal);
        LostAt = int.MaxValue;
        IsOff = false;
    }

    public IDiskFile? CreateFile(string path)
    {
        RequireFolder(path);
        return _seen.ContainsKey(path) ? null : Do(() =>
        {
            _seen[path] = new Node { Number = ++_nodes };
            return new OpenedFile(this, _seen[path]);
        });
    }

    public IDiskFile? OpenFile(string path) => _seen.TryGetValue(path, out var node) && !node.IsFolder ? new OpenedFile(this, node) : null;

    public bool MoveFile(string from, string to) => !_seen.ContainsKey(to) && Do(() => Rename(from, to));

    public void ReplaceFile(string from, string to) => Do(() => Rename(from, to));

    public bool DeleteFile(string path) => _seen.ContainsKey(path) && Do(() => _seen.Remove(path));

    public FileFacts? GetFacts(string path) =>
        _seen.TryGetValue(path, out var node) ? new FileFacts(Path.GetFileName(path), node.IsFolder, false, node.Bytes.Length, DateTimeOffset.UnixEpoch) : null;

    public IEnumerable<FileFacts> ListFolder(string path) =>
        [.. _seen.Where(e => e.Key != "/" && Path.GetDirectoryName(e.Key) == path).Select(e => GetFacts(e.Key)!.Value)];

    public bool CreateFolder(string path) => !_seen.ContainsKey(path) && Do(() => _seen.TryAdd(path, new Node { IsFolder = true, Number = ++_nodes }));

    public void SyncFolder(string path) => Do(() =>
    {
        foreach (string name in IgnoresFolderSyncs ? [] : _seen.Keys.Union(_durable.Keys).Where(p => p != "/" && Path.GetDirectoryName(p) == path).ToList())
        {
            Settle(name, _seen.GetValueOrDefault(name));
        }

        return true;
    });

    public IDiskWatch OpenWatch(string folder) => new NoWatch();

    private int NumberAt(string path) => (_seen.GetValueOrDefault(path) ?? _durable[path]).Number;

    private void RequireFolder(string path)
    {
        if (!_seen.ContainsKey(Path.GetDirectoryName(path)!))
        {
            throw new DirectoryNotFoundException(path);
        }
    }

    private bool Rename(string from, string to)
    {
        _seen[to] = _seen.TryGetValue(from, out var node) ? node : throw new FileNotFoundException($"'{from}' is gone.", from);
        _seen.Remove(from);
        string folder = Path.GetDirectoryName(to)!;
        int unsafeNames = IsSpiteful ? _seen.Keys.Count(p => p != "/" && Path.GetDirectoryName(p) == folder && !_durable.ContainsKey(p) && !ObjectPath.IsTemporaryName(Path.GetFileName(p))) : 0;
        IsOff |= unsafeNames > 1 && random.Next(4) > 0;
        return true;
    }

    private void Settle(string path, Node? node)
    {
        if (node is null)
        {
            _durable.Remove(path);
        }
        else
        {
            _durable[path] = node;
        }
    }

    private T Do<T>(Func<T> effect)
    {
        int number = ++Operations;
        if (IsOff || (number == LostAt && random.Next(2) == 0))
        {
            IsOff = true;
            throw new PowerLostException();
        }

        var result = effect();
        IsOff |= number == LostAt;
        return IsOff ? throw new PowerLostException() : result;
    }

    private sealed class Node
    {
        private byte[] _durable = [];

        /// <summary>In the order in which they were made.</summary>
        public int Number { get; init; }

        public bool IsFolder { get; init; }

        public byte[] Bytes { get; set; } = [];

        public void Sync() => _durable = Bytes;

        public void LosePower(Random random)
        {
            if (!ReferenceEquals(_durable, Bytes))
            {
                int kept = random.Next(3) switch
                {
                    0 => Bytes.Length,
                    1 => 0,
                    _ => Math.Min(Bytes.Length, 512 * random.Next((Bytes.Length / 512) + 1)),
                };
                Bytes = kept == Bytes.Length ? Bytes : kept == 0 ? _durable : [.. Bytes[..kept], .. new byte[random.Next(2) == 0 ? 0 : Bytes.Length - kept]];
            }

            _durable = Bytes;
        }
    }

    private sealed class OpenedFile(PowerLossDisk disk, Node node) : IDiskFile
    {
        public long LengthBytes => node.Bytes.Length;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            byte[] grown = new byte[Math.Max(node.Bytes.Length, offset + bytes.Length)];
            node.Bytes.CopyTo(grown, 0);
            bytes.CopyTo(grown.AsSpan((int)offset));
            disk.Do(() => node.Bytes = grown);
        }

        public int Read(Span<byte> buffer, long offset)
        {
            int count = (int)Math.Clamp(node.Bytes.Length - offset, 0, buffer.Length);
            node.Bytes.AsSpan((int)offset, count).CopyTo(buffer);
            return count;
        }

        public void Sync() => disk.Do(() =>
        {
            if (!disk.IgnoresFileSyncs)
            {
                node.Sync();
            }

            return true;
        });

        public void Dispose()
        {
        }
    }

    private sealed class NoWatch : IDiskWatch
    {
        public bool TrySyncAll() => false;

        public void Dispose()
        {
        }
    }
}
