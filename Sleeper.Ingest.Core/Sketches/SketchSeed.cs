using System.Text;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>The bits of the sketch of one field in one leaf: the same in each process, on each machine, for any number of threads (D26).</summary>
/// <remarks>
/// The seed is FNV-1a of 64 bits (Fowler, Noll and Vo: xor a byte, multiply by the prime) over the leaf's id in UTF-8, a byte 0, and the
/// field's name in UTF-8. Its halves are then folded together, because the generator uses 48 bits of a seed. Each field has a source of its
/// own, so no field's sketch depends on how the batches of another are cut.
/// </remarks>
internal static class SketchSeed
{
    private const ulong OffsetBasis = 0xCBF2_9CE4_8422_2325;
    private const ulong Prime = 0x100_0000_01B3;

    public static ISketchBits BitsFor(string leafId, string fieldName) => new JavaRandomBits(Of(leafId, fieldName));

    public static long Of(string leafId, string fieldName)
    {
        ulong hash = Add(OffsetBasis, leafId);
        hash = Add(hash * Prime, fieldName);
        return (long)(hash ^ (hash >> 32));
    }

    private static ulong Add(ulong hash, string text)
    {
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ b) * Prime;
        }

        return hash;
    }
}
