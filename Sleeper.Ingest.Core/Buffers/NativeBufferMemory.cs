using System.Buffers;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>Lets asynchronous reads fill a <see cref="NativeBuffer"/>. Does not own it: the buffer must outlive every use of the memory.</summary>
internal sealed unsafe class NativeBufferMemory(NativeBuffer buffer) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => buffer.Span;

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)buffer.LengthBytes, nameof(elementIndex));
        return new MemoryHandle(buffer.Pointer + elementIndex, default, this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
