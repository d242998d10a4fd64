namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>A stream over pieces of memory that belong to somebody else: what the SDK wants for a body. Read-only; one reader at a time.</summary>
internal sealed class MemoryPiecesStream(IReadOnlyList<ReadOnlyMemory<byte>> pieces) : Stream
{
    private readonly long _length = pieces.Sum(static piece => (long)piece.Length);
    private long _position;
    private int _piece;
    private int _offset;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _length;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        while (_piece < pieces.Count)
        {
            var left = pieces[_piece].Span[_offset..];
            if (left.Length > 0)
            {
                int count = Math.Min(left.Length, buffer.Length);
                left[..count].CopyTo(buffer);
                _offset += count;
                _position += count;
                return count;
            }

            _piece++;
            _offset = 0;
        }

        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

    public override long Seek(long offset, SeekOrigin origin)
    {
        long target = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => _length + offset,
        };
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target, _length, nameof(offset));
        _position = target;
        _piece = 0;
        while (_piece < pieces.Count && target >= pieces[_piece].Length)
        {
            target -= pieces[_piece++].Length;
        }

        _offset = (int)target;
        return _position;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException("The stream is read-only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("The stream is read-only.");
}
