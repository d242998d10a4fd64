using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>Takes one field's value out of a row of type <typeparamref name="T"/> and writes it, as key or as value.</summary>
internal abstract class TypedFieldWriter<T>
{
    protected const string NullKey = "it is null, but a key is never null; give it a value or leave the row out";
    protected const string NullValue = "it is null, but the field is not nullable; give it a value or declare the field nullable";

    /// <summary>Returns what is wrong with the value, or null.</summary>
    public abstract string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes);

    /// <summary>Returns what is wrong with the value, or null.</summary>
    public abstract string? WriteValue(T row, RowBatch batch, bool isNullable);

    protected static string? WriteNull(RowBatch batch, bool isNullable)
    {
        if (!isNullable)
        {
            return NullValue;
        }

        ValueEncoder.WritePresence(batch, present: false);
        return null;
    }

    protected static void WritePresent(RowBatch batch, bool isNullable)
    {
        if (isNullable)
        {
            ValueEncoder.WritePresence(batch, present: true);
        }
    }
}

internal sealed class IntFieldWriter<T>(Func<T, int> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes)
    {
        ValueEncoder.WriteKey(batch, get(row));
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable)
    {
        WritePresent(batch, isNullable);
        ValueEncoder.Write(batch, get(row));
        return null;
    }
}

internal sealed class NullableIntFieldWriter<T>(Func<T, int?> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes)
    {
        if (get(row) is not { } value)
        {
            return NullKey;
        }

        ValueEncoder.WriteKey(batch, value);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable)
    {
        if (get(row) is not { } value)
        {
            return WriteNull(batch, isNullable);
        }

        WritePresent(batch, isNullable);
        ValueEncoder.Write(batch, value);
        return null;
    }
}

internal sealed class LongFieldWriter<T>(Func<T, long> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes)
    {
        ValueEncoder.WriteKey(batch, get(row));
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable)
    {
        WritePresent(batch, isNullable);
        ValueEncoder.Write(batch, get(row));
        return null;
    }
}

internal sealed class NullableLongFieldWriter<T>(Func<T, long?> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes)
    {
        if (get(row) is not { } value)
        {
            return NullKey;
        }

        ValueEncoder.WriteKey(batch, value);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable)
    {
        if (get(row) is not { } value)
        {
            return WriteNull(batch, isNullable);
        }

        WritePresent(batch, isNullable);
        ValueEncoder.Write(batch, value);
        return null;
    }
}

internal sealed class StringFieldWriter<T>(Func<T, string?> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes) =>
        get(row) is { } value ? ValueEncoder.WriteKey(batch, value, order, maxBytes) : NullKey;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable)
    {
        if (get(row) is not { } value)
        {
            return WriteNull(batch, isNullable);
        }

        WritePresent(batch, isNullable);
        return ValueEncoder.Write(batch, value.AsSpan());
    }
}

internal sealed class BytesFieldWriter<T>(Func<T, ReadOnlyMemory<byte>> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes) =>
        ValueEncoder.WriteKey(batch, get(row).Span, isString: false, order, maxBytes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable)
    {
        WritePresent(batch, isNullable);
        return ValueEncoder.Write(batch, get(row).Span);
    }
}

internal sealed class NullableBytesFieldWriter<T>(Func<T, ReadOnlyMemory<byte>?> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes) =>
        get(row) is { } value ? ValueEncoder.WriteKey(batch, value.Span, isString: false, order, maxBytes) : NullKey;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable)
    {
        if (get(row) is not { } value)
        {
            return WriteNull(batch, isNullable);
        }

        WritePresent(batch, isNullable);
        return ValueEncoder.Write(batch, value.Span);
    }
}

internal sealed class FieldValueWriter<T>(Field field, Func<T, FieldValue> get) : TypedFieldWriter<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteKey(T row, RowBatch batch, KeyOrder order, int maxBytes) =>
        RowEncoder.WriteKey(field, get(row), batch, order, maxBytes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override string? WriteValue(T row, RowBatch batch, bool isNullable) => RowEncoder.WriteValue(field, get(row), batch);
}
