using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>The values of a page in some encodings, for each type that can have them; read at once and in parts, which must agree.</summary>
/// <remarks>
/// Input: number of the case, u8 length of the type (FIXED_LEN_BYTE_ARRAY), u16 LE values, u16 LE values of the dictionary, u16 LE bytes of the dictionary,
/// dictionary, page.
/// </remarks>
internal sealed unsafe class DecoderTarget(string name, (PhysicalType Type, ParquetEncoding Encoding)[] cases) : SeededTarget
{
    private const int HeadLength = 8;
    private const int MaxCount = 2048;
    private const int SeedsOfCase = 12;

    private static readonly ParquetReaderLimits Limits = new() { MaxReadBytes = 256 << 10, MaxValueBytes = 8 << 10 };

    private readonly GuardedMemory _page = new(1 << 16);
    private readonly GuardedMemory _dictionary = new(1 << 16);
    private readonly Dictionary<(int Case, int Length), LeafColumn> _columns = [];

    public override string Name => name;

    /// <summary>Tables of decoders, and room for all values that were asked for.</summary>
    public override long FreeBytes => (160 << 10) + (3 * Limits.MaxReadBytes);

    public override void Run(byte[] input, FuzzWork work)
    {
        if (input.Length < HeadLength)
        {
            return;
        }

        int count = Math.Min(MaxCount, (int)BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(2)));
        ColumnVector? whole = Decode(input, count, Math.Max(1, count), out Core.ParquetFormatException? fault);
        ColumnVector? parts = Decode(input, count, 1 + (input.Length % 90), out _);
        if ((whole is null) != (parts is null) || (whole is not null && !AreEqual(whole, parts!)))
        {
            throw new FuzzFailure($"Values read at once and in parts differ: {whole?.ValueCount ?? -1} and {parts?.ValueCount ?? -1} values.");
        }

        if (whole is not null)
        {
            CheckValues(input, whole, count);
        }
        else if (Reference(input, count, out byte[][]? expected) && expected is not null && expected.Sum(value => (long)value.Length) <= Limits.MaxReadBytes / 4)
        {
            throw new FuzzFailure("A good page was refused.", fault);
        }

        if (fault is not null)
        {
            throw fault;
        }

        work.Steps = 2L * count;
        work.DeliveredBytes = 2 * ((8L * count) + whole!.ByteCount);
        if (whole.ValueCount != count)
        {
            throw new FuzzFailure($"{count} values were asked for and {whole.ValueCount} given, without an error.");
        }
    }

    /// <summary>Holds values that were given against the reference and the limits.</summary>
    private void CheckValues(byte[] input, ColumnVector values, int count)
    {
        (PhysicalType type, ParquetEncoding encoding) = cases[input[0] % cases.Length];
        int width = PlainReference.WidthOf(type, input[1]);
        if (values.Kind == VectorKind.Bytes && width > 0 && values.ByteCount != (long)width * values.ValueCount)
        {
            throw new FuzzFailure($"{values.ValueCount} values of {width} bytes have {values.ByteCount} bytes together.");
        }

        if (values.ByteCount > Limits.MaxReadBytes)
        {
            throw new FuzzFailure($"{values.ByteCount:N0} bytes were given; the limit is {Limits.MaxReadBytes:N0}.");
        }

        if (encoding == ParquetEncoding.RleDictionary && count > 0 && PageOf(input) is [> 32, ..])
        {
            throw new FuzzFailure($"Indexes of {PageOf(input)[0]} bits were taken.");
        }

        if (Reference(input, count, out byte[][]? expected) && (expected is null || !expected.Select((value, i) => value.AsSpan().SequenceEqual(BytesOf(values, i))).All(isSame => isSame)))
        {
            throw new FuzzFailure(expected is null ? "A bad page was taken." : "The values are not what they should be.");
        }
    }

    /// <summary>False if there is no reference; null if the page must be refused.</summary>
    private bool Reference(byte[] input, int count, out byte[][]? values)
    {
        (PhysicalType type, ParquetEncoding encoding) = cases[input[0] % cases.Length];
        int dictionaryCount = BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(4));
        bool hasPlain = PlainReference.Knows(encoding);
        bool usesDictionary = encoding == ParquetEncoding.RleDictionary;
        bool isKnown = (hasPlain || EncodedReference.Knows(encoding)) && (usesDictionary || dictionaryCount == 0) && count > 0;
        byte[][]? dictionary = isKnown && usesDictionary && dictionaryCount > 0
            ? PlainReference.Decode(type, ParquetEncoding.Plain, input[1], DictionaryOf(input), dictionaryCount, Limits)
            : null;
        values = !isKnown ? null
            : hasPlain ? PlainReference.Decode(type, encoding, input[1], PageOf(input), count, Limits)
            : EncodedReference.Decode(type, encoding, input[1], PageOf(input), count, dictionary, Limits);
        return isKnown;
    }

    private static ReadOnlySpan<byte> DictionaryOf(byte[] input) => input.AsSpan(HeadLength, Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(6)), input.Length - HeadLength));

    private static ReadOnlySpan<byte> PageOf(byte[] input) =>
        input.AsSpan(HeadLength + Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(6)), input.Length - HeadLength));

    private static ReadOnlySpan<byte> BytesOf(ColumnVector values, int index) => values.Kind switch
    {
        VectorKind.Int32 => MemoryMarshal.AsBytes(values.Ints.AsSpan(index, 1)),
        VectorKind.Int64 => MemoryMarshal.AsBytes(values.Longs.AsSpan(index, 1)),
        _ => values.BytesAt(index),
    };

    protected override IEnumerable<byte[]> MakeSeeds()
    {
        for (int i = 0; i < cases.Length; i++)
        {
            for (int seed = 0; seed < SeedsOfCase; seed++)
            {
                yield return MakeSeed(i, new Random((100 * i) + seed));
            }
        }
    }

    private static bool AreEqual(ColumnVector left, ColumnVector right) =>
        left.ValueCount == right.ValueCount && left.Kind switch
        {
            VectorKind.Int32 => left.Ints.AsSpan(0, left.ValueCount).SequenceEqual(right.Ints.AsSpan(0, left.ValueCount)),
            VectorKind.Int64 => left.Longs.AsSpan(0, left.ValueCount).SequenceEqual(right.Longs.AsSpan(0, left.ValueCount)),
            _ => left.Offsets.AsSpan(0, left.ValueCount + 1).SequenceEqual(right.Offsets.AsSpan(0, left.ValueCount + 1))
                && left.Bytes.AsSpan(0, left.ByteCount).SequenceEqual(right.Bytes.AsSpan(0, left.ByteCount)),
        };

    private ColumnVector? Decode(byte[] input, int count, int stretch, out Core.ParquetFormatException? fault)
    {
        LeafColumn column = ColumnOf(input[0] % cases.Length, input[1]);
        var vector = new ColumnVector(column.VectorKind);
        fault = null;
        try
        {
            int dictionaryCount = BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(4));
            int dictionaryLength = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(6)), input.Length - HeadLength);
            ColumnVector? dictionary = DecodeDictionary(column, input.AsSpan(HeadLength, dictionaryLength), dictionaryCount);
            ValueDecoder decoder = ValueDecoders.Create(column, cases[input[0] % cases.Length].Encoding, dictionary, Limits);
            ReadOnlySpan<byte> page = input.AsSpan(HeadLength + dictionaryLength);
            decoder.Reset(_page.Put(page), page.Length, count);
            for (int at = 0; at < count; at += stretch)
            {
                decoder.Decode(vector, Math.Min(stretch, count - at));
            }

            return vector;
        }
        catch (Core.ParquetFormatException error)
        {
            fault = error;
            return null;
        }
    }

    private ColumnVector? DecodeDictionary(LeafColumn column, ReadOnlySpan<byte> page, int count)
    {
        if (count == 0)
        {
            return null;
        }

        var dictionary = new ColumnVector(column.VectorKind);
        ValueDecoder decoder = ValueDecoders.CreatePlain(column, Limits);
        decoder.Reset(_dictionary.Put(page), page.Length, count);
        decoder.Decode(dictionary, count);
        return dictionary;
    }

    private LeafColumn ColumnOf(int number, int length)
    {
        PhysicalType type = cases[number].Type;
        int typeLength = type == PhysicalType.FixedLenByteArray ? length : 0;
        if (!_columns.TryGetValue((number, typeLength), out LeafColumn? column))
        {
            column = new ParquetSchema("made", [SchemaNode.Primitive("f", Repetition.Required, type, typeLength: typeLength)]).Columns[0];
            _columns.Add((number, typeLength), column);
        }

        return column;
    }

    private byte[] MakeSeed(int number, Random random)
    {
        (PhysicalType type, ParquetEncoding encoding) = cases[number];
        int length = type == PhysicalType.FixedLenByteArray ? random.Next(1, 20) : 0;
        int width = type switch
        {
            PhysicalType.Boolean => 1,
            PhysicalType.Int32 or PhysicalType.Float => 4,
            PhysicalType.Int64 or PhysicalType.Double => 8,
            PhysicalType.Int96 => 12,
            _ => length,
        };
        byte[][] values = [.. Enumerable.Range(0, random.Next(1, 200)).Select(i => MakeValue(type, width, i, random))];
        byte[][] dictionary = [];
        byte[] page;
        if (encoding == ParquetEncoding.RleDictionary)
        {
            dictionary = [.. values.Take(1 + random.Next(9))];
            int[] indexes = [.. values.Select(_ => random.Next(dictionary.Length))];
            int indexWidth = random.Next(4, 11);
            page = [(byte)indexWidth, .. PlainEncodings.Hybrid(indexes, indexWidth, random)];
        }
        else
        {
            page = PlainEncodings.Encode(type, encoding, values, width, maxBlockFactor: 4, random);
        }

        byte[] plain = type == PhysicalType.ByteArray ? PlainEncodings.Plain(dictionary) : [.. dictionary.SelectMany(value => value)];
        return
        [
            (byte)number, (byte)length, .. BitConverter.GetBytes((ushort)values.Length), .. BitConverter.GetBytes((ushort)dictionary.Length),
            .. BitConverter.GetBytes((ushort)plain.Length), .. plain, .. page,
        ];
    }

    private static byte[] MakeValue(PhysicalType type, int width, int place, Random random)
    {
        if (type == PhysicalType.Boolean)
        {
            return [(byte)random.Next(2)];
        }

        byte[] value = new byte[width > 0 ? width : random.Next(14)];
        random.NextBytes(value);
        if (type is PhysicalType.Int32 or PhysicalType.Int64 && random.Next(8) > 0)
        {
            return PlainEncodings.LittleEndian(place + random.Next(5), width);
        }

        // A beginning that the value before may have too.
        value.AsSpan(0, Math.Min(value.Length, 3 + (place % 3))).Fill((byte)'p');
        return value;
    }
}
