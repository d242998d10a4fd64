using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Rows of a read as they lie in runs on disk, and back.</summary>
/// <remarks>
/// <code>
/// row    = header, key, values       see RowFormat
/// key    = normalised key, u32 BE ordinal of the file reference: so comparing keys gives the order of the read, equal keys too
/// values = the fields that are given, one after the other; a byte 0 or 1 before each (null, present); else as ValueEncoder lays them out
/// </code>
/// What is decoded was checked by its block's checksum.
/// </remarks>
internal static unsafe class SpilledRowFormat
{
    public const int OrdinalBytes = 4;

    /// <summary>Writes a row as far as its last value. The batch takes rows of any length.</summary>
    public static void Write(RowBatch batch, ReadOnlySpan<byte> key, int ordinal, Row row)
    {
        batch.BeginRow();
        byte* destination = batch.Reserve(key.Length + OrdinalBytes);
        key.CopyTo(new Span<byte>(destination, key.Length));
        BinaryPrimitives.WriteInt32BigEndian(new Span<byte>(destination + key.Length, OrdinalBytes), ordinal);
        batch.Advance(key.Length + OrdinalBytes);
        batch.EndKey();
        foreach (var value in row.Values)
        {
            ValueEncoder.WritePresence(batch, !value.IsNull);
            if (!value.IsNull)
            {
                Write(batch, value);
            }
        }
    }

    /// <summary>The ordinal at the end of a key.</summary>
    public static int OrdinalOf(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt32BigEndian(key[^OrdinalBytes..]);

    /// <summary>Decodes the values of a row.</summary>
    public static Row Read(Schema schema, byte* values)
    {
        var read = new FieldValue[schema.AllFields.Count];
        for (int i = 0; i < read.Length; i++)
        {
            read[i] = *values++ == 0 ? FieldValue.Null : Read(schema.AllFields[i].Type, ref values);
        }

        return Row.Wrap(schema, read);
    }

    private static void Write(RowBatch batch, in FieldValue value)
    {
        switch (value.Kind)
        {
            case FieldValueKind.Int:
                ValueEncoder.Write(batch, value.AsInt());
                break;
            case FieldValueKind.Long:
                ValueEncoder.Write(batch, value.AsLong());
                break;
            case FieldValueKind.String:
                ValueEncoder.Write(batch, value.AsString());
                break;
            case FieldValueKind.ByteArray:
                ValueEncoder.Write(batch, value.AsBytes().Span);
                break;
            case FieldValueKind.List:
                ValueEncoder.WriteCount(batch, value.AsList().Count);
                foreach (var item in value.AsList())
                {
                    Write(batch, item);
                }

                break;
            default:
                ValueEncoder.WriteCount(batch, value.AsMap().Count);
                foreach (var (key, entry) in value.AsMap())
                {
                    Write(batch, key);
                    Write(batch, entry);
                }

                break;
        }
    }

    private static FieldValue Read(FieldType type, ref byte* source)
    {
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                source += 4;
                return Unsafe.ReadUnaligned<int>(source - 4);
            case FieldTypeKind.Long:
                source += 8;
                return Unsafe.ReadUnaligned<long>(source - 8);
            case FieldTypeKind.String:
                return Encoding.UTF8.GetString(ReadBytes(ref source));
            case FieldTypeKind.ByteArray:
                return FieldValue.FromBytes(ReadBytes(ref source).ToArray());
            case FieldTypeKind.List:
                var items = new FieldValue[ReadCount(ref source)];
                for (int i = 0; i < items.Length; i++)
                {
                    items[i] = Read(type.ElementType!, ref source);
                }

                return FieldValue.FromList(items);
            default:
                var entries = new KeyValuePair<FieldValue, FieldValue>[ReadCount(ref source)];
                for (int i = 0; i < entries.Length; i++)
                {
                    var key = Read(type.KeyType!, ref source);
                    entries[i] = KeyValuePair.Create(key, Read(type.ValueType!, ref source));
                }

                return FieldValue.FromMap(entries);
        }
    }

    private static int ReadCount(ref byte* source)
    {
        source += RowFormat.ReadVarint(source, out uint count);
        return (int)count;
    }

    private static ReadOnlySpan<byte> ReadBytes(ref byte* source)
    {
        int length = ReadCount(ref source);
        source += length;
        return new ReadOnlySpan<byte>(source - length, length);
    }
}
