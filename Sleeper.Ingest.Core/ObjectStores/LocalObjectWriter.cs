namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>Writes one object of a local store into an unfinished file, which gets its name when it is complete.</summary>
internal sealed class LocalObjectWriter(
    IFileSystem fileSystem, string store, string path, string temporary, string target, IDiskFile file) : IObjectWriter
{
    private IDiskFile? _file = file;
    private bool _failed;

    public long LengthBytes { get; private set; }

    public ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var open = Open();
        try
        {
            open.Write(content.Span, LengthBytes);
            LengthBytes += content.Length;
            return ValueTask.CompletedTask;
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            _failed = true;
            throw LocalFileErrors.Translate(store, path, "write", LengthBytes + content.Length, error);
        }
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var open = Open();
        try
        {
            open.Dispose();
            if (!fileSystem.MoveFile(temporary, target))
            {
                _failed = true;
                throw new ObjectExistsException(store, path);
            }

            _file = null;
            return ValueTask.CompletedTask;
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            _failed = true;
            throw LocalFileErrors.Translate(store, path, "complete", LengthBytes, error);
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_file is { } open)
        {
            _file = null;
            open.Dispose();
            LocalFileErrors.TryDelete(fileSystem, temporary);
        }

        return ValueTask.CompletedTask;
    }

    private IDiskFile Open()
    {
        if (_failed)
        {
            throw new InvalidOperationException($"The object '{path}' in '{store}' failed to be written; dispose its writer and begin again.");
        }

        return _file ?? throw new InvalidOperationException($"The object '{path}' in '{store}' is complete or its writer disposed; it takes no more bytes.");
    }
}
