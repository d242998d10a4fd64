using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Rows with given keys, encoded one behind the other in native memory. The value of each is its number of arrival.</summary>
internal sealed unsafe class SampleRows : IDisposable
{
    private readonly NativeBuffer _rows;
    private readonly NativeBuffer _entries;

    public SampleRows(IReadOnlyList<byte[]> keys, int firstNumber = 0)
    {
        long bytes = 0;
        foreach (byte[] key in keys)
        {
            bytes += RowFormat.HeaderLength(key.Length, 4) + key.Length + 4;
        }

        _rows = new NativeBuffer((nint)Math.Max(1, bytes));
        _entries = new NativeBuffer(Math.Max(1, keys.Count) * sizeof(RowEntry));
        byte* row = _rows.Pointer;
        for (int i = 0; i < keys.Count; i++)
        {
            row += RowFormat.WriteHeader(row, keys[i].Length, 4);
            keys[i].CopyTo(new Span<byte>(row, keys[i].Length));
            row += keys[i].Length;
            BitConverter.TryWriteBytes(new Span<byte>(row, 4), firstNumber + i);
            row += 4;
        }

        Length = (nint)(row - _rows.Pointer);
        Count = EntryBuilder.Build(_rows.Pointer, Length, Entries);
    }

    public byte* Rows => _rows.Pointer;

    public nint Length { get; }

    public RowEntry* Entries => (RowEntry*)_entries.Pointer;

    public int Count { get; }

    public static ReadOnlySpan<byte> KeyOf(byte* row)
    {
        int header = RowFormat.ReadHeader(row, out int keyLength, out _);
        return new ReadOnlySpan<byte>(row + header, keyLength);
    }

    public static int NumberOf(byte* row)
    {
        int header = RowFormat.ReadHeader(row, out int keyLength, out _);
        return *(int*)(row + header + keyLength);
    }

    /// <summary>Numbers of arrival in the order that a stable sort of the keys must give.</summary>
    public static int[] NaiveOrder(IReadOnlyList<byte[]> keys)
    {
        int[] order = Enumerable.Range(0, keys.Count).ToArray();
        Array.Sort(order, (left, right) =>
        {
            int byKey = keys[left].AsSpan().SequenceCompareTo(keys[right]);
            return byKey != 0 ? byKey : left.CompareTo(right);
        });
        return order;
    }

    /// <summary>A seed that is new each time unless the variable SAMPLE_ROWS_SEED gives one; printed by tests in their messages.</summary>
    public static int NextSeed() => int.TryParse(Environment.GetEnvironmentVariable("SAMPLE_ROWS_SEED"), out int seed) ? seed : Random.Shared.Next();

    /// <summary>Keys of 0 to 5 fields, none a prefix of another that differs from it: each field is escaped and terminated, or of fixed width.</summary>
    public static List<byte[]> RandomKeys(Random random, int count)
    {
        int fields = random.Next(6);
        int[] kinds = Enumerable.Range(0, fields).Select(_ => random.Next(6)).ToArray();
        byte[] common = RandomBytes(random, random.Next(50), 256);
        var keys = new List<byte[]>(count);
        var key = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            if (keys.Count > 0 && random.Next(5) == 0)
            {
                keys.Add(keys[random.Next(keys.Count)]);
                continue;
            }

            key.Clear();
            foreach (int kind in kinds)
            {
                AddField(key, kind, random, common);
            }

            keys.Add(key.ToArray());
        }

        return keys;
    }

    /// <summary>So many lower-case letters.</summary>
    public static byte[] Letters(Random random, int length) => [.. RandomBytes(random, length, 26).Select(letter => (byte)('a' + letter))];

    public void Dispose()
    {
        _rows.Dispose();
        _entries.Dispose();
    }

    private static void AddField(List<byte> key, int kind, Random random, byte[] common)
    {
        switch (kind)
        {
            case 0: // four bytes, few values
                key.AddRange([0x80, 0, 0, (byte)random.Next(3)]);
                break;
            case 1: // eight bytes, any value
                key.AddRange(RandomBytes(random, 8, 256));
                break;
            case 2: // text of letters
                key.AddRange(RandomBytes(random, random.Next(20), 26).Select(letter => (byte)('a' + letter)));
                key.AddRange([0, 0]);
                break;
            case 3: // bytes with zeros, escaped
                foreach (byte value in RandomBytes(random, random.Next(12), 3))
                {
                    key.Add(value);
                    if (value == 0)
                    {
                        key.Add(0xFF);
                    }
                }

                key.AddRange([0, 0]);
                break;
            case 4: // long equal starts of different lengths
                key.AddRange(Enumerable.Repeat((byte)'x', random.Next(300)));
                key.AddRange([0, 0]);
                break;
            default: // a common start
                key.AddRange(common);
                key.Add((byte)random.Next(256));
                break;
        }
    }

    private static byte[] RandomBytes(Random random, int length, int below)
    {
        var bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)random.Next(below);
        }

        return bytes;
    }
}
