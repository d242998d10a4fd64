using System.Globalization;
using System.Text;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>What a <see cref="FieldValue"/> holds.</summary>
public enum FieldValueKind
{
    /// <summary>No value.</summary>
    Null,

    /// <summary>A signed 32-bit integer.</summary>
    Int,

    /// <summary>A signed 64-bit integer.</summary>
    Long,

    /// <summary>Text.</summary>
    String,

    /// <summary>Bytes.</summary>
    ByteArray,

    /// <summary>A list of primitive values.</summary>
    List,

    /// <summary>Pairs of primitive values.</summary>
    Map,
}

/// <summary>The value of one field, without boxing: null, int, long, string, bytes, list or map. 16 bytes, immutable.</summary>
/// <remarks>
/// Converts implicitly from <see cref="int"/>, <see cref="long"/>, <see cref="string"/>, <see cref="byte"/> arrays and
/// <see cref="ReadOnlyMemory{T}"/> of bytes. Byte arrays are not copied: do not change them afterwards. Lists and maps are copied.
/// Equality compares contents; a map's entries are compared in order.
/// </remarks>
public readonly struct FieldValue : IEquatable<FieldValue>
{
    private static readonly object IntTag = new();
    private static readonly object LongTag = new();

    // The kind is told by the reference: a tag for numbers, the object itself otherwise. Bytes keep offset and length in the number.
    private readonly object? _reference;
    private readonly long _number;

    private FieldValue(object? reference, long number)
    {
        _reference = reference;
        _number = number;
    }

    /// <summary>No value.</summary>
    public static FieldValue Null => default;

    /// <summary>What is held.</summary>
    public FieldValueKind Kind =>
        _reference is null ? FieldValueKind.Null
        : ReferenceEquals(_reference, LongTag) ? FieldValueKind.Long
        : ReferenceEquals(_reference, IntTag) ? FieldValueKind.Int
        : _reference is string ? FieldValueKind.String
        : (_reference is byte[]) ? FieldValueKind.ByteArray
        : (_reference is FieldValue[]) ? FieldValueKind.List
        : FieldValueKind.Map;

    /// <summary>True if there is no value.</summary>
    public bool IsNull => _reference is null;

    /// <summary>An int.</summary>
    public static FieldValue FromInt(int value) => new(IntTag, value);

    /// <summary>A long.</summary>
    public static FieldValue FromLong(long value) => new(LongTag, value);

    /// <summary>A string, or null.</summary>
    public static FieldValue FromString(string? value) => new(value, 0);

    /// <summary>Bytes, not copied.</summary>
    public static FieldValue FromBytes(ReadOnlyMemory<byte> value)
    {
        if (System.Runtime.InteropServices.MemoryMarshal.TryGetArray(value, out ArraySegment<byte> segment) && segment.Array is not null)
        {
            return new FieldValue(segment.Array, ((long)segment.Offset << 32) | (uint)segment.Count);
        }

        byte[] copy = value.ToArray();
        return new FieldValue(copy, copy.Length);
    }

    /// <summary>A list of ints.</summary>
    public static FieldValue FromList(IEnumerable<int> values) => FromItems(values, FromInt);

    /// <summary>A list of longs.</summary>
    public static FieldValue FromList(IEnumerable<long> values) => FromItems(values, FromLong);

    /// <summary>A list of strings.</summary>
    public static FieldValue FromList(IEnumerable<string> values) => FromItems(values, FromString);

    /// <summary>A list of byte arrays.</summary>
    public static FieldValue FromList(IEnumerable<ReadOnlyMemory<byte>> values) => FromItems(values, FromBytes);

    /// <summary>A list of byte arrays, not copied; null stands for no value.</summary>
    public static FieldValue FromList(IEnumerable<byte[]> values) => FromItems(values, v => (FieldValue)v);

    /// <summary>A list of values.</summary>
    public static FieldValue FromList(IEnumerable<FieldValue> values) => FromItems(values, v => v);

    /// <summary>A map, as pairs whose order is kept.</summary>
    public static FieldValue FromMap(IEnumerable<KeyValuePair<FieldValue, FieldValue>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return new FieldValue(entries.ToArray(), 0);
    }

    /// <summary>A map from strings to strings.</summary>
    public static FieldValue FromMap(IEnumerable<KeyValuePair<string, string>> entries) => FromPairs(entries, FromString, FromString);

    /// <summary>A map from strings to longs.</summary>
    public static FieldValue FromMap(IEnumerable<KeyValuePair<string, long>> entries) => FromPairs(entries, FromString, FromLong);

    /// <summary>A map from strings to ints.</summary>
    public static FieldValue FromMap(IEnumerable<KeyValuePair<string, int>> entries) => FromPairs(entries, FromString, FromInt);

    /// <summary>A map from any type to any type, converted by the given functions.</summary>
    public static FieldValue FromMap<TKey, TValue>(
        IEnumerable<KeyValuePair<TKey, TValue>> entries, Func<TKey, FieldValue> key, Func<TValue, FieldValue> value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        return FromPairs(entries, key, value);
    }

    /// <summary>The int held.</summary>
    /// <exception cref="InvalidOperationException">Something else is held.</exception>
    public int AsInt() => ReferenceEquals(_reference, IntTag) ? (int)_number : throw WrongKind(FieldValueKind.Int);

    /// <summary>The long held.</summary>
    /// <exception cref="InvalidOperationException">Something else is held.</exception>
    public long AsLong() => ReferenceEquals(_reference, LongTag) ? _number : throw WrongKind(FieldValueKind.Long);

    /// <summary>The string held.</summary>
    /// <exception cref="InvalidOperationException">Something else is held.</exception>
    public string AsString() => _reference as string ?? throw WrongKind(FieldValueKind.String);

    /// <summary>The bytes held.</summary>
    /// <exception cref="InvalidOperationException">Something else is held.</exception>
    public ReadOnlyMemory<byte> AsBytes() =>
        _reference is byte[] bytes ? bytes.AsMemory((int)(_number >> 32), (int)_number) : throw WrongKind(FieldValueKind.ByteArray);

    /// <summary>The elements of the list held.</summary>
    /// <exception cref="InvalidOperationException">Something else is held.</exception>
    public IReadOnlyList<FieldValue> AsList() => _reference as FieldValue[] ?? throw WrongKind(FieldValueKind.List);

    /// <summary>The entries of the map held, in their order.</summary>
    /// <exception cref="InvalidOperationException">Something else is held.</exception>
    public IReadOnlyList<KeyValuePair<FieldValue, FieldValue>> AsMap() =>
        _reference as KeyValuePair<FieldValue, FieldValue>[] ?? throw WrongKind(FieldValueKind.Map);

    /// <summary>An int.</summary>
    public static implicit operator FieldValue(int value) => FromInt(value);

    /// <summary>A long.</summary>
    public static implicit operator FieldValue(long value) => FromLong(value);

    /// <summary>A string, or null.</summary>
    public static implicit operator FieldValue(string? value) => FromString(value);

    /// <summary>Bytes, not copied, or null.</summary>
    public static implicit operator FieldValue(byte[]? value) => value is null ? Null : FromBytes(value);

    /// <summary>Bytes, not copied.</summary>
    public static implicit operator FieldValue(ReadOnlyMemory<byte> value) => FromBytes(value);

    /// <summary>Bytes, not copied.</summary>
    public static implicit operator FieldValue(Memory<byte> value) => FromBytes(value);

    /// <summary>True if both hold equal values of one kind.</summary>
    public static bool operator ==(FieldValue left, FieldValue right) => left.Equals(right);

    /// <summary>True if they differ.</summary>
    public static bool operator !=(FieldValue left, FieldValue right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(FieldValue other)
    {
        if (Kind != other.Kind)
        {
            return false;
        }

        return Kind switch
        {
            FieldValueKind.Null => true,
            FieldValueKind.Int or FieldValueKind.Long => _number == other._number,
            FieldValueKind.String => string.Equals((string)_reference!, (string)other._reference!, StringComparison.Ordinal),
            FieldValueKind.ByteArray => AsBytes().Span.SequenceEqual(other.AsBytes().Span),
            FieldValueKind.List => ((FieldValue[])_reference!).AsSpan().SequenceEqual((FieldValue[])other._reference!),
            _ => MapsEqual((KeyValuePair<FieldValue, FieldValue>[])_reference!, (KeyValuePair<FieldValue, FieldValue>[])other._reference!),
        };
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FieldValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Kind);
        switch (Kind)
        {
            case FieldValueKind.String:
                hash.Add((string)_reference!, StringComparer.Ordinal);
                break;
            case FieldValueKind.ByteArray:
                hash.AddBytes(AsBytes().Span);
                break;
            case FieldValueKind.List:
                foreach (var item in (FieldValue[])_reference!)
                {
                    hash.Add(item);
                }

                break;
            case FieldValueKind.Map:
                foreach (var (key, value) in (KeyValuePair<FieldValue, FieldValue>[])_reference!)
                {
                    hash.Add(key);
                    hash.Add(value);
                }

                break;
            default:
                hash.Add(_number);
                break;
        }

        return hash.ToHashCode();
    }

    /// <summary>For people: numbers as digits, strings in quotes, bytes as hexadecimal digits, lists as <c>[a, b]</c>, maps as <c>{k: v}</c>.</summary>
    public override string ToString()
    {
        switch (Kind)
        {
            case FieldValueKind.Null:
                return "null";
            case FieldValueKind.Int or FieldValueKind.Long:
                return _number.ToString(CultureInfo.InvariantCulture);
            case FieldValueKind.String:
                return $"\"{_reference}\"";
            case FieldValueKind.ByteArray:
                return "0x" + Convert.ToHexStringLower(AsBytes().Span);
            case FieldValueKind.List:
                return $"[{string.Join(", ", (FieldValue[])_reference!)}]";
            default:
                var text = new StringBuilder("{");
                foreach (var (key, value) in (KeyValuePair<FieldValue, FieldValue>[])_reference!)
                {
                    text.Append(text.Length > 1 ? ", " : "").Append(key.ToString()).Append(": ").Append(value.ToString());
                }

                return text.Append('}').ToString();
        }
    }

    private static FieldValue FromItems<T>(IEnumerable<T> values, Func<T, FieldValue> convert)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new FieldValue(values.Select(convert).ToArray(), 0);
    }

    private static FieldValue FromPairs<TKey, TValue>(
        IEnumerable<KeyValuePair<TKey, TValue>> entries, Func<TKey, FieldValue> key, Func<TValue, FieldValue> value)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return new FieldValue(entries.Select(e => KeyValuePair.Create(key(e.Key), value(e.Value))).ToArray(), 0);
    }

    private static bool MapsEqual(KeyValuePair<FieldValue, FieldValue>[] left, KeyValuePair<FieldValue, FieldValue>[] right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (!left[i].Key.Equals(right[i].Key) || !left[i].Value.Equals(right[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    private InvalidOperationException WrongKind(FieldValueKind wanted) =>
        new($"The value is of kind {Kind}, but {wanted} was asked for. Check {nameof(Kind)} first, or read it as what it is.");
}
