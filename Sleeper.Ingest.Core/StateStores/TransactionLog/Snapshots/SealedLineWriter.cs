using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>Takes the bytes of lines, piece by piece, in order.</summary>
internal delegate ValueTask LineSink(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

/// <summary>
/// Writes JSON lines whose last one seals them: <c>{"records":&lt;lines between the first and this one&gt;,"sha256":"&lt;of all bytes before this line&gt;"}</c>.
/// Memory: one piece, whatever the number of lines.
/// </summary>
internal sealed class SealedLineWriter : IDisposable
{
    private const int PieceBytes = 256 << 10;
    private readonly ArrayBufferWriter<byte> _piece = new(4 << 10);
    private readonly Utf8JsonWriter _json;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly LineSink _sink;
    private long _lines;

    public SealedLineWriter(LineSink sink)
    {
        _sink = sink;
        _json = new Utf8JsonWriter(_piece, BodyJson.WriterOptions);
    }

    /// <summary>Writes one line.</summary>
    public ValueTask WriteAsync(Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        _json.Reset();
        write(_json);
        _json.Flush();
        return EndLineAsync(cancellationToken);
    }

    /// <summary>Writes a line as it stands in another object.</summary>
    public ValueTask CopyAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        _piece.Write(line.Span);
        return EndLineAsync(cancellationToken);
    }

    /// <summary>Writes the seal, and gives the last bytes to the sink.</summary>
    public async ValueTask SealAsync(CancellationToken cancellationToken)
    {
        _hash.AppendData(_piece.WrittenSpan);
        string digest = Convert.ToHexStringLower(_hash.GetHashAndReset());
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteNumber("records", _lines - 1);
        _json.WriteString("sha256", digest);
        _json.WriteEndObject();
        _json.Flush();
        _piece.Write("\n"u8);
        await _sink(_piece.WrittenMemory, cancellationToken).ConfigureAwait(false);
        _piece.ResetWrittenCount();
    }

    public void Dispose()
    {
        _json.Dispose();
        _hash.Dispose();
    }

    private async ValueTask EndLineAsync(CancellationToken cancellationToken)
    {
        _piece.Write("\n"u8);
        _lines++;
        if (_piece.WrittenCount >= PieceBytes)
        {
            _hash.AppendData(_piece.WrittenSpan);
            await _sink(_piece.WrittenMemory, cancellationToken).ConfigureAwait(false);
            _piece.ResetWrittenCount();
        }
    }
}
