using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Damages plain bytes: bits, bytes, lengths, numbers, cuts, repeats, and pieces of other inputs.</summary>
internal static class ByteMutator
{
    private const int LongestInsert = 24;

    /// <summary>Damages one to four places.</summary>
    public static void Mutate(List<byte> bytes, IReadOnlyList<byte[]> others, FuzzRandom random)
    {
        int changes = random.OneIn(2) ? 1 : 1 + random.Next(4);
        for (int i = 0; i < changes; i++)
        {
            MutateOnce(bytes, others, random);
        }
    }

    public static byte[] Mutated(byte[] bytes, IReadOnlyList<byte[]> others, FuzzRandom random)
    {
        var list = new List<byte>(bytes.Length + 64);
        list.AddRange(bytes);
        Mutate(list, others, random);
        return [.. list];
    }

    private static void MutateOnce(List<byte> bytes, IReadOnlyList<byte[]> others, FuzzRandom random)
    {
        int at = Place(bytes.Count, random);
        switch (random.Next(10))
        {
            case 0 or 1 when bytes.Count > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2 when bytes.Count > 0:
                bytes[at] = random.Next(6) switch { 0 => 0, 1 => 1, 2 => 0x7F, 3 => 0x80, 4 => 0xFF, _ => (byte)random.Next(256) };
                break;
            case 3 when bytes.Count > 0:
                bytes[at] += (byte)(random.Next(2) == 0 ? 1 : 255);
                break;
            case 4 when bytes.Count > 0:
                bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + random.Next(4)));
                break;
            case 5:
                InsertRun(bytes, at, random);
                break;
            case 6:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 7 when bytes.Count >= 4:
                WriteInt(bytes, Math.Min(at, bytes.Count - 4), random.Interesting());
                break;
            case 8:
                InsertVarInt(bytes, at, (ulong)random.Interesting());
                break;
            default:
                Splice(bytes, at, others, random);
                break;
        }
    }

    /// <summary>Heads are where lengths and counts are.</summary>
    private static int Place(int length, FuzzRandom random) =>
        length == 0 ? 0 : random.Next(random.OneIn(2) ? Math.Min(length, 16) : length);

    private static void InsertRun(List<byte> bytes, int at, FuzzRandom random)
    {
        byte value = random.OneIn(2) ? (byte)random.Next(256) : (byte)(255 * random.Next(2));
        bytes.InsertRange(at, Enumerable.Repeat(value, 1 + random.Next(LongestInsert)));
    }

    private static void WriteInt(List<byte> bytes, int at, long value) =>
        BinaryPrimitives.WriteInt32LittleEndian(CollectionsMarshal.AsSpan(bytes)[at..], unchecked((int)value));

    private static void InsertVarInt(List<byte> bytes, int at, ulong value)
    {
        if (at < bytes.Count)
        {
            bytes.RemoveAt(at);
        }

        while (value >= 0x80)
        {
            bytes.Insert(at++, (byte)(value | 0x80));
            value >>= 7;
        }

        bytes.Insert(at, (byte)value);
    }

    private static void Splice(List<byte> bytes, int at, IReadOnlyList<byte[]> others, FuzzRandom random)
    {
        byte[] other = random.Pick(others);
        if (other.Length == 0)
        {
            return;
        }

        int from = random.Next(other.Length);
        int length = 1 + random.Next(Math.Min(64, other.Length - from));
        int replaced = Math.Min(length, bytes.Count - at);
        if (random.OneIn(2))
        {
            bytes.RemoveRange(at, replaced);
        }

        bytes.InsertRange(at, other.AsSpan(from, length).ToArray());
    }
}
