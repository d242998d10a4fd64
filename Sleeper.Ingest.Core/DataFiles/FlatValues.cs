using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Numbers of a stretch by their place, whichever way they lie. Structs, so that each loop over them is compiled for its way.</summary>
internal interface INumbers<T>
    where T : unmanaged
{
    T this[int index] { get; }
}

/// <summary>Byte arrays of a stretch by their place.</summary>
internal unsafe interface IByteArrays
{
    byte* At(int index, out int length);
}

/// <summary>Numbers one after the other.</summary>
internal readonly unsafe struct PlainNumbers<T>(T* values) : INumbers<T>
    where T : unmanaged
{
    public T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => values[index];
    }
}

/// <summary>Numbers of a dictionary, by indexes that were checked.</summary>
internal readonly unsafe struct IndexedNumbers<T>(int* indexes, T* dictionary) : INumbers<T>
    where T : unmanaged
{
    public T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => dictionary[indexes[index]];
    }
}

/// <summary>Ints as <see cref="Rows.KeyEncoder.WriteInt"/> writes them.</summary>
internal readonly struct IntKeys<TNumbers>(TNumbers numbers) : INumbers<uint>
    where TNumbers : struct, INumbers<int>
{
    public uint this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => BinaryPrimitives.ReverseEndianness((uint)numbers[index] ^ 0x8000_0000);
    }
}

/// <summary>Longs as <see cref="Rows.KeyEncoder.WriteLong"/> writes them.</summary>
internal readonly struct LongKeys<TNumbers>(TNumbers numbers) : INumbers<ulong>
    where TNumbers : struct, INumbers<long>
{
    public ulong this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => BinaryPrimitives.ReverseEndianness((ulong)numbers[index] ^ 0x8000_0000_0000_0000);
    }
}

/// <summary>Byte arrays one after the other.</summary>
internal readonly unsafe struct PlainByteArrays(byte* bytes, int* offsets) : IByteArrays
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(int index, out int length)
    {
        int start = offsets[index];
        length = offsets[index + 1] - start;
        return bytes + start;
    }
}

/// <summary>Byte arrays of a dictionary, by indexes that were checked.</summary>
internal readonly unsafe struct IndexedByteArrays(int* indexes, byte* bytes, int* offsets) : IByteArrays
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(int index, out int length)
    {
        int start = offsets[indexes[index]];
        length = offsets[indexes[index] + 1] - start;
        return bytes + start;
    }
}
