using System.Buffers;
using System.Buffers.Binary;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>Bytes on their way up: pieces of rented memory, so that a short object takes little of it, and the CRC-32 of all of them.</summary>
/// <remarks>Filled by one caller; once filled, read by any number of streams. Disposing returns the memory: no stream may be in use then.</remarks>
internal sealed class PartBuffer(ArrayPool<byte> pool) : IDisposable
{
    /// <summary>By how much its memory may be longer than its content.</summary>
    public const int MaxPieceBytes = 1024 * 1024;

    private const int FirstPieceBytes = 64 * 1024;

    private readonly List<byte[]> _rented = [];
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private int _lastLength;

    public long LengthBytes { get; private set; }

    /// <summary>As the service wants it: base64 of the big-endian value.</summary>
    public string Checksum
    {
        get
        {
            uint checksum = 0;
            foreach (var piece in Pieces())
            {
                checksum = Crc32.Append(checksum, piece.Span);
            }

            return Encode(checksum);
        }
    }

    public static string Encode(uint checksum)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, checksum);
        return Convert.ToBase64String(bytes);
    }

    public void Append(ReadOnlySpan<byte> content)
    {
        LengthBytes += content.Length;
        while (content.Length > 0)
        {
            if (_rented.Count == 0 || _lastLength == _rented[^1].Length)
            {
                AddPiece();
            }

            int count = Math.Min(content.Length, _rented[^1].Length - _lastLength);
            content[..count].CopyTo(_rented[^1].AsSpan(_lastLength));
            _lastLength += count;
            content = content[count..];
        }
    }

    public Stream OpenStream() => new MemoryPiecesStream(Pieces());

    public void Dispose()
    {
        foreach (byte[] piece in _rented)
        {
            pool.Return(piece);
        }

        _rented.Clear();
        _pieces.Clear();
        LengthBytes = 0;
    }

    private void AddPiece()
    {
        if (_rented.Count > 0)
        {
            _pieces.Add(_rented[^1]);
        }

        _rented.Add(pool.Rent(Math.Min(MaxPieceBytes, FirstPieceBytes << Math.Min(_rented.Count, 10))));
        _lastLength = 0;
    }

    private ReadOnlyMemory<byte>[] Pieces() => _rented.Count == 0 ? [] : [.. _pieces, _rented[^1].AsMemory(0, _lastLength)];
}
