namespace Sleeper.Ingest.Core.Spilling;

/// <summary>One spill file: written at its end by one <see cref="SpillWriter"/>, read by any number of readers at the same time.</summary>
/// <remarks>
/// Made by <see cref="SpillDirectory.CreateFile"/>. Its bytes count in the disk budget until it is disposed, which deletes it. After a failed
/// write it is deleted at once, and each later write says why.
/// </remarks>
internal sealed class SpillFile : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SpillDirectory _directory;
    private readonly ISpillHandle _handle;
    private Exception? _firstFailure;
    private bool _isDisposed;

    internal SpillFile(SpillDirectory directory, string path, ulong id, ISpillHandle handle)
    {
        _directory = directory;
        _handle = handle;
        Path = path;
        Id = id;
    }

    public string Path { get; }

    /// <summary>Random, in each block of the file.</summary>
    public ulong Id { get; }

    /// <summary>Bytes written, which is where the next ones go.</summary>
    public long Length { get; private set; }

    /// <summary>Writes at the end.</summary>
    /// <exception cref="SpillDiskFullException">The disk or its budget is full; the file is deleted.</exception>
    /// <exception cref="IngestException">The disk failed; the file is deleted. Or an earlier write failed.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_firstFailure is { } first)
        {
            SpillErrors.ThrowPoisoned(Path, first);
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_directory.Budget.TryReserve(bytes.Length))
        {
            throw Fail(SpillErrors.BudgetUsedUp(_directory.Path, _directory.Budget, bytes.Length));
        }

        Length += bytes.Length;
        try
        {
            _handle.Write(bytes, Length - bytes.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Fail(SpillErrors.WriteFailed(Path, _directory.Path, _directory.Budget, Length - bytes.Length, bytes.Length, e));
        }
    }

    /// <summary>Reads until <paramref name="destination"/> is full or the file ends; returns how many bytes there were.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public int Read(Span<byte> destination, long offset)
    {
        int length = 0;
        while (length < destination.Length)
        {
            int count = _handle.Read(destination[length..], offset + length);
            if (count == 0)
            {
                break;
            }

            length += count;
        }

        return length;
    }

    /// <summary>Closes and deletes the file and gives its bytes back to the budget.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _directory.Remove(this, _handle);
        _directory.Budget.Release(Length);
    }

    private IngestException Fail(IngestException failure)
    {
        _firstFailure = failure;
        Dispose();
        return failure;
    }
}
