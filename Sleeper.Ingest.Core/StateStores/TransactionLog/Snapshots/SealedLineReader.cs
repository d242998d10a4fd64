using System.Security.Cryptography;
using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>
/// Reads what <see cref="SealedLineWriter"/> wrote, line by line. Nothing read is to be believed before <see cref="NextAsync"/> has returned null:
/// only then the seal was found right.
/// </summary>
/// <param name="reader">The object; disposed with this.</param>
/// <param name="objectName">What messages call it.</param>
/// <param name="pieceBytes">The most that is read at once. In a bucket each piece is a request, whose answer takes as long to begin as a megabyte takes to come.</param>
internal sealed class SealedLineReader(IObjectReader reader, string objectName, int pieceBytes = 1 << 20) : IAsyncDisposable
{
    /// <summary>A line is one file with its references, one partition or one commit. Beyond this the object is none of ours.</summary>
    private const int MaxLineBytes = 1 << 28;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = new byte[(int)Math.Clamp(reader.LengthBytes, 1, pieceBytes)];
    private long _offset;
    private int _start;
    private int _end;
    private long _lines;
    private bool _isSealed;

    public string ObjectName => objectName;

    /// <summary>The next line, valid until the next call; null after the seal.</summary>
    /// <exception cref="TableDamagedException">The object is cut, changed, or not of sealed lines.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellationToken)
    {
        if (_isSealed)
        {
            return null;
        }

        int scanned = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (length >= 0)
            {
                length += scanned;
                var line = _buffer.AsMemory(_start, length);
                if (line.Span.StartsWith("{\"records\":"u8))
                {
                    CheckSeal(line);
                    return null;
                }

                _hash.AppendData(_buffer, _start, length + 1);
                _start += length + 1;
                _lines++;
                return line;
            }

            scanned = _end - _start;
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await reader.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        long left = reader.LengthBytes - _offset;
        if (left == 0)
        {
            throw Damaged($"It ends after {reader.LengthBytes} bytes without the line that seals it.");
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxLineBytes)
            {
                throw Damaged($"A line of it is longer than {MaxLineBytes} bytes.");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int count = (int)Math.Min(left, _buffer.Length - _end);
        await reader.ReadAsync(_offset, _buffer.AsMemory(_end, count), cancellationToken).ConfigureAwait(false);
        _offset += count;
        _end += count;
    }

    private void CheckSeal(ReadOnlyMemory<byte> line)
    {
        string actual = Convert.ToHexStringLower(_hash.GetHashAndReset());
        try
        {
            using var json = JsonDocument.Parse(line);
            long records = BodyJson.Long(json.RootElement, "records");
            string expected = BodyJson.Text(json.RootElement, "sha256");
            if (records != _lines - 1 || expected != actual)
            {
                throw Damaged($"Its seal is of {records} records with the digest {expected}, but it has {_lines - 1} with the digest {actual}.");
            }
        }
        catch (Exception e) when (e is JsonException or TransactionFormatException)
        {
            throw Damaged($"Its seal cannot be read: {e.Message}");
        }

        long behind = reader.LengthBytes - _offset + _end - _start - line.Length - 1;
        if (behind != 0)
        {
            throw Damaged($"{behind} bytes follow its seal.");
        }

        _isSealed = true;
    }

    private TableDamagedException Damaged(string message) => new(objectName, message);
}
