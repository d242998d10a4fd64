using System.Collections.Concurrent;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Buffers of one column's encoder on their way to a file and back. Thread-safe: groups are given back where they were written.</summary>
/// <remarks>One for each column: in a common one every buffer would grow, in time, to the size of the largest column.</remarks>
internal sealed class ByteBufferPool
{
    private readonly ConcurrentBag<ByteBuffer> _free = [];

    public ByteBuffer Rent() => _free.TryTake(out ByteBuffer? buffer) ? buffer : new ByteBuffer(16 * 1024);

    public void Return(ByteBuffer buffer)
    {
        buffer.Clear();
        _free.Add(buffer);
    }
}
