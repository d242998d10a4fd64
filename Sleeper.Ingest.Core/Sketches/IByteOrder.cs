namespace Sleeper.Ingest.Core.Sketches;

/// <summary>An order of strings of bytes: lexicographic, shorter first, with the bytes ranked by a permutation of 0 to 255.</summary>
internal interface IByteOrder
{
    /// <summary>Replaces each of the eight bytes by its rank.</summary>
    static abstract ulong Rank(ulong bytes);

    /// <summary>True if the left byte has the higher rank.</summary>
    static abstract bool IsAbove(byte left, byte right);
}
