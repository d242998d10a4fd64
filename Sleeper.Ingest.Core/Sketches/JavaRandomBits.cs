namespace Sleeper.Ingest.Core.Sketches;

/// <summary>The bits that <c>java.util.Random</c> gives for a seed, so that sketches of the original can be made again byte for byte.</summary>
/// <remarks>
/// A linear congruential generator of 48 bits (Knuth, volume 2, section 3.2.1; the constants are those of drand48): each draw steps
/// <c>state = state * 0x5DEECE66D + 0xB mod 2^48</c> and yields the top bit, number 47, which has the full period.
/// </remarks>
internal sealed class JavaRandomBits : ISketchBits
{
    private const ulong Multiplier = 0x5_DEEC_E66D;
    private const ulong Increment = 0xB;
    private const ulong Mask = (1UL << 48) - 1;

    private ulong _state;

    public JavaRandomBits(long seed)
    {
        _state = ((ulong)seed ^ Multiplier) & Mask;
    }

    public bool Next()
    {
        _state = ((_state * Multiplier) + Increment) & Mask;
        return (_state >> 47) != 0;
    }
}
