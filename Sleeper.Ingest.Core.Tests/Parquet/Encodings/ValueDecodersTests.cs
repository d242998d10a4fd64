using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

/// <summary>Each decoder against a simple encoder, in stretches of any length, over memory whose end is guarded.</summary>
public unsafe class ValueDecodersTests
{
    public static TheoryData<string, string> Combinations => new()
    {
        { "Boolean", "Plain" }, { "Boolean", "Rle" },
        { "Int32", "Plain" }, { "Int32", "RleDictionary" }, { "Int32", "DeltaBinaryPacked" }, { "Int32", "ByteStreamSplit" },
        { "Int64", "Plain" }, { "Int64", "PlainDictionary" }, { "Int64", "DeltaBinaryPacked" }, { "Int64", "ByteStreamSplit" },
        { "Float", "Plain" }, { "Float", "ByteStreamSplit" }, { "Double", "Plain" }, { "Double", "ByteStreamSplit" },
        { "Int96", "Plain" }, { "Int96", "RleDictionary" },
        { "ByteArray", "Plain" }, { "ByteArray", "RleDictionary" }, { "ByteArray", "DeltaLengthByteArray" }, { "ByteArray", "DeltaByteArray" },
        { "FixedLenByteArray", "Plain" }, { "FixedLenByteArray", "RleDictionary" }, { "FixedLenByteArray", "DeltaByteArray" }, { "FixedLenByteArray", "ByteStreamSplit" },
    };

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Values_come_back_in_stretches_of_any_length(string type, string encoding)
    {
        for (int seed = 0; seed < 120; seed++)
        {
            Case made = Make(type, encoding, seed);
            using var bytes = new GuardedBytes(made.Page);
            ValueDecoder decoder = ValueDecoders.Create(made.Column, made.Encoding, made.Dictionary, ParquetReaderLimits.Default);
            decoder.Reset(bytes.Pointer, bytes.Length, made.Values.Length);

            List<byte[]> back = Drain(decoder, made, new Random(seed));

            Assert.True(made.Values.SequenceEqual(back, ByteArrays), $"{type} {encoding} seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void A_value_more_than_the_page_holds_is_refused(string type, string encoding)
    {
        Case made = Make(type, encoding, seed: 8);
        using var bytes = new GuardedBytes(made.Page);
        ValueDecoder decoder = ValueDecoders.Create(made.Column, made.Encoding, made.Dictionary, ParquetReaderLimits.Default);
        decoder.Reset(bytes.Pointer, bytes.Length, made.Values.Length);

        // Bits are filled up to whole bytes and groups, so some more than were written may be had.
        Assert.Throws<ParquetFormatException>(() => decoder.Decode(new ColumnVector(made.Column.VectorKind), made.Values.Length + 100));
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Damaged_pages_give_values_or_one_kind_of_error(string type, string encoding)
    {
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            Case made = Make(type, encoding, seed % 50);
            byte[] page = made.Page;
            for (int i = random.Next(1, 4); i > 0 && page.Length > 0; i--)
            {
                page[random.Next(random.Next(2) == 0 ? Math.Min(12, page.Length) : page.Length)] = (byte)random.Next(256);
            }

            using var bytes = new GuardedBytes(random.Next(3) == 0 ? page[..random.Next(page.Length + 1)] : page);
            try
            {
                ValueDecoder decoder = ValueDecoders.Create(made.Column, made.Encoding, made.Dictionary, ParquetReaderLimits.Default);
                decoder.Reset(bytes.Pointer, bytes.Length, made.Values.Length);
                Drain(decoder, made, random);
            }
            catch (ParquetFormatException)
            {
            }
        }
    }

    [Fact]
    public void Encodings_that_do_not_belong_to_a_type_are_refused()
    {
        LeafColumn strings = Leaf(PhysicalType.ByteArray, 0);
        foreach (ParquetEncoding encoding in (ParquetEncoding[])[ParquetEncoding.DeltaBinaryPacked, ParquetEncoding.ByteStreamSplit, ParquetEncoding.Rle, ParquetEncoding.BitPacked, (ParquetEncoding)77])
        {
            Assert.Throws<ParquetFormatException>(() => ValueDecoders.Create(strings, encoding, null, ParquetReaderLimits.Default));
        }

        string message = Assert.Throws<ParquetFormatException>(() => ValueDecoders.Create(strings, ParquetEncoding.RleDictionary, null, ParquetReaderLimits.Default)).Message;
        Assert.Contains("no dictionary page", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_above_the_limit_is_refused_before_memory_is_taken_for_it()
    {
        var limits = new ParquetReaderLimits { MaxValueBytes = 10 };
        byte[][] values = [new byte[10], new byte[11]];
        foreach ((ParquetEncoding encoding, byte[] page) in ((ParquetEncoding, byte[])[])
            [(ParquetEncoding.Plain, PlainEncodings.Plain(values)), (ParquetEncoding.DeltaLengthByteArray, PlainEncodings.DeltaLength(values)), (ParquetEncoding.DeltaByteArray, PlainEncodings.DeltaBytes(values))])
        {
            using var bytes = new GuardedBytes(page);
            ValueDecoder decoder = ValueDecoders.Create(Leaf(PhysicalType.ByteArray, 0), encoding, null, limits);
            decoder.Reset(bytes.Pointer, bytes.Length, 2);
            string message = Assert.Throws<ParquetFormatException>(() => decoder.Decode(new ColumnVector(VectorKind.Bytes), 2)).Message;
            Assert.Contains("11 bytes; the limit is 10", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_small_page_cannot_fill_the_memory()
    {
        // Each value is the one before it: a few bytes of page, a megabyte a value.
        byte[] big = new byte[1 << 20];
        using var bytes = new GuardedBytes(PlainEncodings.DeltaBytes([.. Enumerable.Repeat(big, 5000)]));
        ValueDecoder decoder = ValueDecoders.Create(Leaf(PhysicalType.ByteArray, 0), ParquetEncoding.DeltaByteArray, null, new ParquetReaderLimits { MaxReadBytes = 8 << 20 });
        decoder.Reset(bytes.Pointer, bytes.Length, 5000);
        var vector = new ColumnVector(VectorKind.Bytes);

        Assert.Contains("MaxReadBytes", Assert.Throws<ParquetFormatException>(() => decoder.Decode(vector, 5000)).Message, StringComparison.Ordinal);
        Assert.True(vector.CapacityBytes < 20 << 20);
    }

    private static readonly EqualityComparer<byte[]> ByteArrays =
        EqualityComparer<byte[]>.Create((left, right) => left.AsSpan().SequenceEqual(right), value => value.Length);

    private sealed record Case(LeafColumn Column, ParquetEncoding Encoding, byte[][] Values, byte[] Page, ColumnVector? Dictionary);

    private static LeafColumn Leaf(PhysicalType type, int length) =>
        new ParquetSchema("made", [SchemaNode.Primitive("f", Repetition.Required, type, typeLength: length)]).Columns[0];

    private static Case Make(string typeName, string encodingName, int seed)
    {
        var random = new Random(seed);
        var type = Enum.Parse<PhysicalType>(typeName);
        var encoding = Enum.Parse<ParquetEncoding>(encodingName);
        LeafColumn column = Leaf(type, type == PhysicalType.FixedLenByteArray ? random.Next(1, 40) : 0);
        int width = type switch { PhysicalType.Boolean => 1, PhysicalType.Int32 or PhysicalType.Float => 4, PhysicalType.Int64 or PhysicalType.Double => 8, PhysicalType.ByteArray => 0, _ => column.TypeLength };
        byte[][] values = new byte[seed % 7 == 0 ? random.Next(0, 9) : random.Next(1, 700)][];
        int bits = random.Next(1, 64);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type switch
            {
                PhysicalType.Boolean => [(byte)random.Next(2)],
                PhysicalType.ByteArray or PhysicalType.FixedLenByteArray or PhysicalType.Int96 => NextBytes(random, width, i > 0 ? values[i - 1] : []),
                _ => PlainEncodings.LittleEndian(random.NextInt64(long.MinValue, long.MaxValue) >> bits, width),
            };
        }

        if (encoding is ParquetEncoding.RleDictionary or ParquetEncoding.PlainDictionary)
        {
            byte[][] distinct = [.. values.Take(1 + random.Next(20))];
            int[] indexes = [.. values.Select(_ => random.Next(Math.Max(1, distinct.Length)))];
            int indexWidth = random.Next(32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Max(0, distinct.Length - 1)), 33);
            values = [.. indexes.Select(index => distinct[index])];
            return new Case(column, encoding, values, [(byte)indexWidth, .. indexWidth == 0 ? [] : PlainEncodings.Hybrid(indexes, indexWidth, random)], MakeDictionary(column, distinct, width));
        }

        return new Case(column, encoding, values, PlainEncodings.Encode(type, encoding, values, width, maxBlockFactor: 8, random), null);
    }

    private static ColumnVector MakeDictionary(LeafColumn column, byte[][] distinct, int width)
    {
        byte[] page = width == 0 ? PlainEncodings.Plain(distinct) : [.. distinct.SelectMany(value => value)];
        using var bytes = new GuardedBytes(page);
        var dictionary = new ColumnVector(column.VectorKind);
        ValueDecoder decoder = ValueDecoders.CreatePlain(column, ParquetReaderLimits.Default);
        decoder.Reset(bytes.Pointer, bytes.Length, distinct.Length);
        decoder.Decode(dictionary, distinct.Length);
        return dictionary;
    }

    private static byte[] NextBytes(Random random, int width, byte[] last)
    {
        byte[] value = new byte[width > 0 ? width : random.Next(random.Next(2) == 0 ? 12 : 70)];
        random.NextBytes(value);
        int prefix = random.Next(Math.Min(value.Length, last.Length) + 1);
        last.AsSpan(0, prefix).CopyTo(value);
        return value;
    }

    private static List<byte[]> Drain(ValueDecoder decoder, Case made, Random random)
    {
        var back = new List<byte[]>();
        var vector = new ColumnVector(made.Column.VectorKind);
        while (back.Count < made.Values.Length)
        {
            // Sometimes the vector goes on, sometimes it begins anew.
            int count = Math.Min(made.Values.Length - back.Count, random.Next(1, 200));
            int before = vector.ValueCount;
            decoder.Decode(vector, count);
            Assert.Equal(before + count, vector.ValueCount);
            for (int i = before; i < vector.ValueCount; i++)
            {
                back.Add(vector.Kind switch
                {
                    VectorKind.Int32 when made.Column.PhysicalType == PhysicalType.Boolean => [(byte)vector.Ints[i]],
                    VectorKind.Int32 => BitConverter.GetBytes(vector.Ints[i]),
                    VectorKind.Int64 => BitConverter.GetBytes(vector.Longs[i]),
                    _ => vector.BytesAt(i).ToArray(),
                });
            }

            if (random.Next(2) == 0)
            {
                vector.Clear();
            }
        }

        return back;
    }
}
