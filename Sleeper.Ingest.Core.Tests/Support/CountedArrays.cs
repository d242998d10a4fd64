using System.Buffers;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A pool of arrays that says how many bytes are out, and how many were at most.</summary>
internal sealed class CountedArrays : ArrayPool<byte>
{
    private long _heldBytes;
    private long _peakBytes;

    public long HeldBytes => Volatile.Read(ref _heldBytes);

    public long PeakBytes => Volatile.Read(ref _peakBytes);

    /// <summary>Told of the bytes that are out, after each that goes out.</summary>
    public Action<long> Rented { get; set; } = _ => { };

    public override byte[] Rent(int minimumLength)
    {
        byte[] array = Shared.Rent(minimumLength);
        long held = Interlocked.Add(ref _heldBytes, array.Length);
        for (long peak = PeakBytes; held > peak; peak = PeakBytes)
        {
            Interlocked.CompareExchange(ref _peakBytes, held, peak);
        }

        Rented(held);
        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        Interlocked.Add(ref _heldBytes, -array.Length);
        Shared.Return(array, clearArray);
    }
}
