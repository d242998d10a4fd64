using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Bytes that grow at their end, outside the collected heap and counted in the budget; kept for the next use. Not thread-safe.</summary>
internal sealed unsafe class GrowingBytes : IDisposable
{
    private const int FirstBytes = 256;

    private readonly MemoryBudget _budget;
    private NativeBuffer? _bytes;
    private long _capacity;

    public GrowingBytes(MemoryBudget budget) => _budget = budget;

    public int Length { get; private set; }

    /// <summary>Null as long as nothing was reserved.</summary>
    public byte* Start { get; private set; }

    public void Clear() => Length = 0;

    /// <summary>Cuts the bytes back to an earlier length.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Where the next bytes go, with room for so many; they are then counted in by <see cref="Advance"/>. May move all that is there.</summary>
    /// <exception cref="IngestException">The budget has no room.</exception>
    public byte* Reserve(int count)
    {
        if (_capacity - Length < count)
        {
            Grow((long)Length + count);
        }

        return Start + Length;
    }

    public void Advance(int count) => Length += count;

    public void Append(byte* source, int count)
    {
        Buffer.MemoryCopy(source, Reserve(count), count, count);
        Length += count;
    }

    public void Dispose()
    {
        _bytes?.Dispose();
        _bytes = null;
        Start = null;
        _capacity = 0;
    }

    private void Grow(long needed)
    {
        long capacity = Math.Max(Math.Max(needed, FirstBytes), 2 * _capacity);
        if (needed > int.MaxValue || (!_budget.TryReserve(capacity) && !_budget.TryReserve(capacity = needed)))
        {
            throw new IngestException(
                $"Aggregating the rows of one key needs {needed:N0} bytes at once, but of the memory budget of {_budget.LimitBytes:N0} bytes "
                + $"only {_budget.FreeBytes:N0} are free. Raise the memory budget, or lower the degree of parallelism.");
        }

        var larger = new NativeBuffer((nint)capacity, _budget);
        if (Length > 0)
        {
            NativeMemory.Copy(Start, larger.Pointer, (nuint)Length);
        }

        _bytes?.Dispose();
        _bytes = larger;
        _capacity = capacity;
        Start = larger.Pointer;
    }
}
