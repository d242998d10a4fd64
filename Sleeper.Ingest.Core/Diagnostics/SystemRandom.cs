using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sleeper.Ingest.Core.Diagnostics;

/// <summary>The one source of true randomness: for names that must not repeat between processes, never for a decision.</summary>
internal static class SystemRandom
{
    public static void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    public static ulong Next()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A random UUID in its usual form.</summary>
    public static string Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes).ToString("D");
    }
}
