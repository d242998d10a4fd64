using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A value of the Thrift compact protocol as a tree that can be changed and written again, well-formed or not.</summary>
internal sealed class ThriftNode
{
    public ThriftType Type { get; set; }

    /// <summary>Of numbers.</summary>
    public long Number { get; set; }

    /// <summary>Of strings.</summary>
    public byte[] Bytes { get; set; } = [];

    /// <summary>The element type of lists.</summary>
    public ThriftType ElementType { get; set; }

    /// <summary>What a list says that it has, if that is not true.</summary>
    public ulong? ClaimedCount { get; set; }

    /// <summary>What a string says that it has, if that is not true.</summary>
    public ulong? ClaimedLength { get; set; }

    /// <summary>Elements of lists, or members of structs.</summary>
    public List<ThriftNode> Children { get; private set; } = [];

    /// <summary>The numbers of the members.</summary>
    public List<short> Ids { get; private set; } = [];

    /// <summary>The struct at the start of the bytes, which must be well-formed, and its length.</summary>
    public static ThriftNode Parse(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        return ReadValue(bytes, ref length, ThriftType.Struct, inList: false);
    }

    public ThriftNode? Member(short id)
    {
        int at = Ids.IndexOf(id);
        return at < 0 ? null : Children[at];
    }

    public ThriftNode Copy() => new()
    {
        Type = Type,
        Number = Number,
        Bytes = Bytes,
        ElementType = ElementType,
        ClaimedCount = ClaimedCount,
        ClaimedLength = ClaimedLength,
        Children = Children.Count == 0 ? [] : Children.ConvertAll(child => child.Copy()),
        Ids = Ids.Count == 0 ? [] : [.. Ids],
    };

    /// <summary>Sets a number of a struct, if it has it.</summary>
    public void SetNumber(short id, long value)
    {
        if (Member(id) is { Type: ThriftType.I16 or ThriftType.I32 or ThriftType.I64 } member)
        {
            member.Number = value;
        }
    }

    public void CollectInto(List<ThriftNode> all)
    {
        all.Add(this);
        foreach (ThriftNode child in Children)
        {
            child.CollectInto(all);
        }
    }

    public void Write(List<byte> output) => WriteValue(output, inList: false);

    private static ThriftNode ReadValue(ReadOnlySpan<byte> bytes, ref int at, ThriftType type, bool inList)
    {
        var node = new ThriftNode { Type = type };
        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                node.Number = inList ? bytes[at++] : 0;
                break;
            case ThriftType.I8:
                node.Number = bytes[at++];
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                ulong zigzag = ReadVarInt(bytes, ref at);
                node.Number = (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
                break;
            case ThriftType.Binary:
                int length = (int)ReadVarInt(bytes, ref at);
                node.Bytes = bytes.Slice(at, length).ToArray();
                at += length;
                break;
            case ThriftType.List or ThriftType.Set:
                ReadList(bytes, ref at, node);
                break;
            case ThriftType.Struct:
                ReadStruct(bytes, ref at, node);
                break;
            default:
                throw new InvalidOperationException($"The sample has a value of type {type}, which no Parquet writer uses.");
        }

        return node;
    }

    private static void ReadList(ReadOnlySpan<byte> bytes, ref int at, ThriftNode node)
    {
        byte header = bytes[at++];
        node.ElementType = (ThriftType)(header & 15);
        int count = header >> 4 == 15 ? (int)ReadVarInt(bytes, ref at) : header >> 4;
        for (int i = 0; i < count; i++)
        {
            node.Children.Add(ReadValue(bytes, ref at, node.ElementType, inList: true));
        }
    }

    private static void ReadStruct(ReadOnlySpan<byte> bytes, ref int at, ThriftNode node)
    {
        short last = 0;
        while (bytes[at] != 0)
        {
            byte header = bytes[at++];
            if (header >> 4 == 0)
            {
                ulong zigzag = ReadVarInt(bytes, ref at);
                last = (short)((long)(zigzag >> 1) ^ -(long)(zigzag & 1));
            }
            else
            {
                last += (short)(header >> 4);
            }

            node.Ids.Add(last);
            node.Children.Add(ReadValue(bytes, ref at, (ThriftType)(header & 15), inList: false));
        }

        at++;
    }

    private static ulong ReadVarInt(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private void WriteValue(List<byte> output, bool inList)
    {
        switch (Type)
        {
            case ThriftType.True or ThriftType.False:
                if (inList)
                {
                    output.Add((byte)Number);
                }

                break;
            case ThriftType.I8:
                output.Add((byte)Number);
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                WriteVarInt(output, (ulong)((Number << 1) ^ (Number >> 63)));
                break;
            case ThriftType.Binary:
                WriteVarInt(output, ClaimedLength ?? (ulong)Bytes.Length);
                output.AddRange(Bytes);
                break;
            case ThriftType.List or ThriftType.Set:
                WriteList(output);
                break;
            case ThriftType.Struct:
                WriteStruct(output);
                break;
            case ThriftType.Double:
                output.AddRange(BitConverter.GetBytes(Number));
                break;
            default:
                output.AddRange(Bytes); // A type that a mutation put here: whatever its bytes.
                break;
        }
    }

    private void WriteList(List<byte> output)
    {
        ulong count = ClaimedCount ?? (ulong)Children.Count;
        output.Add((byte)((Math.Min(count, 15) << 4) | (byte)ElementType));
        if (count >= 15)
        {
            WriteVarInt(output, count);
        }

        foreach (ThriftNode child in Children)
        {
            child.WriteValue(output, inList: true);
        }
    }

    private void WriteStruct(List<byte> output)
    {
        short last = 0;
        for (int i = 0; i < Children.Count; i++)
        {
            short id = i < Ids.Count ? Ids[i] : (short)(i + 1); // A list that a mutation made a struct has no numbers.
            int step = id - last;
            byte type = (byte)((byte)Children[i].Type & 15);
            if (step is > 0 and < 16)
            {
                output.Add((byte)((step << 4) | type));
            }
            else
            {
                output.Add(type);
                WriteVarInt(output, (ulong)(((long)id << 1) ^ ((long)id >> 63)));
            }

            last = id;
            Children[i].WriteValue(output, inList: false);
        }

        output.Add(0);
    }

    private static void WriteVarInt(List<byte> output, ulong value)
    {
        while (value >= 0x80)
        {
            output.Add((byte)(value | 0x80));
            value >>= 7;
        }

        output.Add((byte)value);
    }
}
