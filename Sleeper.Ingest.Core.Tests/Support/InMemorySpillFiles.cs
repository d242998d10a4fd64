using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A spill disk in memory that can be damaged, filled up and broken.</summary>
internal sealed class InMemorySpillFiles : ISpillFileSystem
{
    private readonly HashSet<string> _folders = [];

    public Dictionary<string, Content> Files { get; } = [];

    /// <summary>Called before each write with its number, from 0; throws what the write shall throw.</summary>
    public Action<int>? OnWrite { get; set; }

    /// <summary>Called after each read with its number, from 0, and the bytes read.</summary>
    public Action<int, byte[]>? OnRead { get; set; }

    public int WriteCount { get; private set; }

    public int ReadCount { get; private set; }

    public static IOException Error(int errno) => new("injected", errno);

    public UnixFileMode? FolderMode(string path) => null;

    public void CreateFolder(string path) => _folders.Add(path);

    public void CreateNewFolder(string path)
    {
        if (!_folders.Add(path))
        {
            throw new IOException("exists");
        }
    }

    public ISpillHandle CreateFile(string path)
    {
        var content = new Content();
        Files.Add(path, content);
        return new Handle(this, content);
    }

    public IDisposable CreateLock(string path)
    {
        Files.Add(path, new Content());
        return new MemoryStream();
    }

    public IDisposable? TryLock(string path) => null;

    public bool FileExists(string path) => Files.ContainsKey(path);

    public IReadOnlyList<string> ListFiles(string path, string suffix) => Files.Keys.Where(file => file.EndsWith(suffix, StringComparison.Ordinal)).ToList();

    public void DeleteFile(string path) => Files.Remove(path);

    public void DeleteFolder(string path) => _folders.Remove(path);

    internal sealed class Content
    {
        public byte[] Bytes { get; set; } = [];
    }

    private sealed class Handle(InMemorySpillFiles files, Content content) : ISpillHandle
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            int number = files.WriteCount++;
            files.OnWrite?.Invoke(number);
            byte[] all = content.Bytes;
            Array.Resize(ref all, Math.Max(all.Length, (int)offset + bytes.Length));
            bytes.CopyTo(all.AsSpan((int)offset));
            content.Bytes = all;
        }

        public int Read(Span<byte> destination, long offset)
        {
            int count = (int)Math.Clamp(content.Bytes.Length - offset, 0, destination.Length);
            byte[] bytes = content.Bytes.AsSpan((int)Math.Min(offset, content.Bytes.Length), count).ToArray();
            int number = files.ReadCount++;
            files.OnRead?.Invoke(number, bytes);
            bytes.CopyTo(destination);
            return count;
        }

        public void Dispose()
        {
        }
    }
}
