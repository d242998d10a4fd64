using System.Buffers.Binary;
using System.Globalization;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Differential;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Encoded rows read plainly, as the pictures of <see cref="KeyEncoder"/> and <see cref="ValueEncoder"/> say, into the text of <see cref="LeafText"/>.</summary>
internal static unsafe class PlainRows
{
    /// <summary>Adds a line for each row of a batch: the texts of its fields, in schema order.</summary>
    public static void AddTo(List<string[]> lines, RowBatch batch, Schema schema)
    {
        byte* at = batch.Start;
        foreach (RowSpan row in batch.Rows)
        {
            var bytes = new ReadOnlySpan<byte>(at, row.KeyLength + row.ValueLength);
            at += bytes.Length;
            var texts = new List<string>();
            foreach (Field field in schema.RowKeyFields.Concat(schema.SortKeyFields))
            {
                texts.Add(Key(field.Type, ref bytes));
            }

            foreach (Field field in schema.ValueFields)
            {
                bool isNull = field.IsNullable && Take(ref bytes, 1)[0] == 0;
                texts.Add(isNull ? "null" : Value(field.Type, ref bytes));
            }

            lines.Add(bytes.Length == 0 ? [.. texts] : throw new FuzzFailure($"{bytes.Length} bytes follow the values of a row."));
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        ReadOnlySpan<byte> taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    private static string Key(FieldType type, ref ReadOnlySpan<byte> bytes)
    {
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                return (BinaryPrimitives.ReadInt32BigEndian(Take(ref bytes, sizeof(int))) ^ int.MinValue).ToString(CultureInfo.InvariantCulture);
            case FieldTypeKind.Long:
                return (BinaryPrimitives.ReadInt64BigEndian(Take(ref bytes, sizeof(long))) ^ long.MinValue).ToString(CultureInfo.InvariantCulture);
            default:
                var value = new List<byte>();
                byte next;
                while ((next = Take(ref bytes, 1)[0]) != 0)
                {
                    value.Add(next == 1 ? (byte)(Take(ref bytes, 1)[0] - 1) : next);
                }

                return Hex([.. value]);
        }
    }

    private static string Value(FieldType type, ref ReadOnlySpan<byte> bytes)
    {
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                return BinaryPrimitives.ReadInt32LittleEndian(Take(ref bytes, sizeof(int))).ToString(CultureInfo.InvariantCulture);
            case FieldTypeKind.Long:
                return BinaryPrimitives.ReadInt64LittleEndian(Take(ref bytes, sizeof(long))).ToString(CultureInfo.InvariantCulture);
            case FieldTypeKind.String or FieldTypeKind.ByteArray:
                return Hex(Take(ref bytes, Count(ref bytes)));
            default:
                var parts = new List<string>();
                for (int left = Count(ref bytes); left > 0; left--)
                {
                    parts.Add(type.Kind == FieldTypeKind.List ? Value(type.ElementType!, ref bytes) : Value(type.KeyType!, ref bytes) + ':' + Value(type.ValueType!, ref bytes));
                }

                return type.Kind == FieldTypeKind.List ? $"[{string.Join(',', parts)}]" : LeafText.OfMap(parts);
        }
    }

    private static string Hex(ReadOnlySpan<byte> value) => $"\"{Convert.ToHexStringLower(value)}\"";

    private static int Count(ref ReadOnlySpan<byte> bytes)
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = Take(ref bytes, 1)[0];
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
