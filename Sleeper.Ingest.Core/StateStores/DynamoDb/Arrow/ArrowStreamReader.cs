using System.Buffers.Binary;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>Reads Arrow IPC streams of the layout that Sleeper's snapshots have, batch by batch. It reads nothing more of Arrow than that.</summary>
/// <remarks>
/// <code>
/// message  FFFFFFFF, i32 metadata length, metadata (FlatBuffers, padded), body
/// stream   a schema message, record batch messages, FFFFFFFF 00000000
/// </code>
/// Without the marker FFFFFFFF the first number is the length, as before Arrow 0.15. Little-endian; no dictionaries, no compression. A stream that ends without its
/// last eight bytes, or goes on after them, is refused: it was cut or is none. Lengths are held against the object's own before memory is taken. One batch is in
/// memory at a time.
/// </remarks>
internal sealed class ArrowStreamReader(IObjectReader stream)
{
    private const int MaxMetadataBytes = 16 << 20;
    private const long MaxBodyBytes = 1L << 30;
    private const int Marker = -1;

    /// <summary>So many bytes are asked for at once: most snapshots come in one request.</summary>
    private const int WindowBytes = 8 << 20;

    private byte[] _window = [];
    private long _windowStart;
    private long _position;
    private IReadOnlyList<ArrowField>? _schema;

    /// <summary>The columns.</summary>
    public async ValueTask<IReadOnlyList<ArrowField>> ReadSchemaAsync(CancellationToken cancellationToken)
    {
        var message = await NextMessageAsync(cancellationToken).ConfigureAwait(false) ?? throw new ArrowFormatException("The stream has no schema.");
        var (kind, header, bodyLength) = ArrowMetadata.ReadMessage(message);
        if (kind != ArrowMetadata.SchemaMessage || bodyLength != 0)
        {
            throw new ArrowFormatException($"The stream begins with a message of kind {kind} and a body of {bodyLength} bytes; a schema (1) without a body is expected.");
        }

        return _schema = ArrowMetadata.ReadSchema(header);
    }

    /// <summary>The columns of the next batch; null at the end.</summary>
    public async ValueTask<IReadOnlyList<ArrowColumn>?> NextBatchAsync(CancellationToken cancellationToken)
    {
        if (await NextMessageAsync(cancellationToken).ConfigureAwait(false) is not { } message)
        {
            return null;
        }

        var (kind, header, bodyLength) = ArrowMetadata.ReadMessage(message);
        if (kind != ArrowMetadata.RecordBatchMessage)
        {
            throw new ArrowFormatException($"A message of kind {kind} was found where a record batch (3) is expected.");
        }

        if (header.Has(3))
        {
            throw new ArrowFormatException("A record batch is compressed, which is not read.");
        }

        if (bodyLength is < 0 or > MaxBodyBytes || bodyLength > stream.LengthBytes - _position)
        {
            throw new ArrowFormatException(
                $"A record batch says that it is {bodyLength} bytes long; {stream.LengthBytes - _position} are left, and at most {MaxBodyBytes} are read.");
        }

        byte[] body = await ReadAsync((int)bodyLength, cancellationToken).ConfigureAwait(false);
        return Columns(header, body);
    }

    private ArrowColumn[] Columns(FlatTable header, byte[] body)
    {
        long rows = header.Long(0);
        var buffers = new ArrowBuffers(header.Pairs(1), header.Pairs(2), body);
        var columns = new ArrowColumn[_schema!.Count];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = ArrowColumn.Read(_schema[i], buffers);
            if (columns[i].Length != rows)
            {
                throw new ArrowFormatException($"A record batch has {rows} rows, but the column '{_schema[i].Name}' has {columns[i].Length} values.");
            }
        }

        return buffers.IsUsedUp ? columns : throw new ArrowFormatException("A record batch has more nodes or buffers than the schema has columns for.");
    }

    /// <summary>The metadata of the next message; null at the end of the stream.</summary>
    private async ValueTask<byte[]?> NextMessageAsync(CancellationToken cancellationToken)
    {
        int length = await ReadIntAsync(cancellationToken).ConfigureAwait(false);
        if (length == Marker)
        {
            length = await ReadIntAsync(cancellationToken).ConfigureAwait(false);
        }

        if (length == 0)
        {
            return _position == stream.LengthBytes
                ? null
                : throw new ArrowFormatException($"The stream ends at byte {_position}, but {stream.LengthBytes - _position} bytes come after.");
        }

        return length is > 0 and <= MaxMetadataBytes && length <= stream.LengthBytes - _position
            ? await ReadAsync(length, cancellationToken).ConfigureAwait(false)
            : throw new ArrowFormatException(
                $"Metadata at byte {_position} says that it is {length} bytes long; {stream.LengthBytes - _position} are left, and at most {MaxMetadataBytes} are read.");
    }

    private async ValueTask<int> ReadIntAsync(CancellationToken cancellationToken) =>
        stream.LengthBytes - _position >= sizeof(int)
            ? BinaryPrimitives.ReadInt32LittleEndian(await ReadAsync(sizeof(int), cancellationToken).ConfigureAwait(false))
            : throw new ArrowFormatException($"The stream is cut at byte {stream.LengthBytes}: its end is missing.");

    private async ValueTask<byte[]> ReadAsync(int length, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[length];
        int filled = 0;
        while (filled < length)
        {
            int from = (int)(_position - _windowStart);
            if (from >= _window.Length)
            {
                await MoveWindowAsync(cancellationToken).ConfigureAwait(false);
                from = 0;
            }

            int count = Math.Min(length - filled, _window.Length - from);
            _window.AsSpan(from, count).CopyTo(bytes.AsSpan(filled));
            filled += count;
            _position += count;
        }

        return bytes;
    }

    private async ValueTask MoveWindowAsync(CancellationToken cancellationToken)
    {
        int length = (int)Math.Min(WindowBytes, stream.LengthBytes - _position);
        if (_window.Length != length)
        {
            _window = new byte[length];
        }

        await stream.ReadAsync(_position, _window, cancellationToken).ConfigureAwait(false);
        _windowStart = _position;
    }
}
