using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>Compares bytes that come piece by piece with those of an object.</summary>
internal sealed class ByteComparison(IObjectReader reader)
{
    private byte[] _buffer = [];
    private long _offset;

    /// <summary>True so long as all bytes taken so far are the object's.</summary>
    public bool IsEqual { get; private set; } = true;

    /// <summary>True if the object ends where the bytes taken end, too.</summary>
    public bool IsWhole => IsEqual && _offset == reader.LengthBytes;

    public async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!IsEqual || bytes.Length > reader.LengthBytes - _offset)
        {
            IsEqual = false;
            return;
        }

        if (_buffer.Length < bytes.Length)
        {
            _buffer = new byte[bytes.Length];
        }

        await reader.ReadAsync(_offset, _buffer.AsMemory(0, bytes.Length), cancellationToken).ConfigureAwait(false);
        IsEqual = _buffer.AsSpan(0, bytes.Length).SequenceEqual(bytes.Span);
        _offset += bytes.Length;
    }
}
