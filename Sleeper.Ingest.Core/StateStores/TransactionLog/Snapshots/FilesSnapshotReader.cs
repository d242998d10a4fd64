using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>Reads a <c>files.jsonl</c> as a stream: header and history at once, then file by file.</summary>
internal sealed class FilesSnapshotReader : IAsyncDisposable
{
    private readonly SealedLineReader _lines;
    private ReadOnlyMemory<byte>? _first;

    private FilesSnapshotReader(SealedLineReader lines, SnapshotHeader header)
    {
        _lines = lines;
        Header = header;
    }

    public SnapshotHeader Header { get; }

    /// <summary>The last commits, oldest first.</summary>
    public List<CommitSummary> Recent { get; } = [];

    /// <summary>The number of files read so far, which is also the sequence of the next one.</summary>
    public long FileCount { get; private set; }

    /// <summary>Opens the files of a snapshot whose head was seen.</summary>
    /// <exception cref="TableDamagedException">They are missing, or not what was written. If it may be stale, the snapshot was removed meanwhile.</exception>
    public static async Task<FilesSnapshotReader> OpenListedAsync(ISnapshots snapshots, long number, string tableId, CancellationToken cancellationToken)
    {
        var reader = await snapshots.OpenListedAsync(number, SnapshotPart.Files, cancellationToken).ConfigureAwait(false);
        var lines = new SealedLineReader(reader, snapshots.NameOf(number, SnapshotPart.Files));
        try
        {
            return await ReadBeginningAsync(lines, number, tableId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await lines.DisposeAsync().ConfigureAwait(false);
            if (e is JsonException or TransactionFormatException)
            {
                throw new TableDamagedException(lines.ObjectName, $"It cannot be read: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>The next file, and its line, valid until the next call; null at the end. Nothing is to be believed before that.</summary>
    public async ValueTask<(FileState File, ReadOnlyMemory<byte> Line)?> NextAsync(CancellationToken cancellationToken)
    {
        var line = _first ?? await _lines.NextAsync(cancellationToken).ConfigureAwait(false);
        _first = null;
        if (line is null)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(line.Value);
            return (FilesSnapshot.ReadFile(BodyJson.Required(json.RootElement, "file"), FileCount++), line.Value);
        }
        catch (Exception e) when (e is JsonException or TransactionFormatException)
        {
            throw new TableDamagedException(_lines.ObjectName, $"It cannot be read: {e.Message}", e);
        }
    }

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private static async Task<FilesSnapshotReader> ReadBeginningAsync(SealedLineReader lines, long number, string tableId, CancellationToken cancellationToken)
    {
        var first = await lines.NextAsync(cancellationToken).ConfigureAwait(false) ?? throw new TransactionFormatException("it has no lines.");
        using var headerJson = JsonDocument.Parse(first);
        var header = SnapshotHeader.Read(headerJson.RootElement, "files", tableId, lines.ObjectName);
        if (header.Number != number)
        {
            throw new TableDamagedException(lines.ObjectName, $"It says that it is the snapshot of entry {header.Number}.");
        }

        var reader = new FilesSnapshotReader(lines, header);
        while (await lines.NextAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            using var json = JsonDocument.Parse(line);
            if (BodyJson.Optional(json.RootElement, "recent") is not { } recent)
            {
                reader._first = line;
                break;
            }

            reader.Recent.Add(FilesSnapshot.ReadRecent(recent));
        }

        return reader;
    }
}
