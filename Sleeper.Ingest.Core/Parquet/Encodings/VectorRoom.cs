using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Room for byte values in vectors, within the limits, with a few bytes to spare behind them so that short values can be copied by wide stores.</summary>
internal static unsafe class VectorRoom
{
    /// <summary>Bytes that a copy may touch behind its end.</summary>
    public const int Spare = 32;

    /// <summary>Makes room for so many bytes more than <see cref="ColumnVector.ByteCount"/>, and <see cref="Spare"/> behind them.</summary>
    public static void EnsureBytes(ColumnVector vector, long additional, ParquetReaderLimits limits)
    {
        if (vector.Kind == VectorKind.Bytes)
        {
            CheckBytes(vector, additional, limits);
            vector.EnsureBytes((int)additional + Spare);
        }
    }

    /// <summary>Refuses more bytes than one read may give.</summary>
    public static void CheckBytes(ColumnVector vector, long additional, ParquetReaderLimits limits)
    {
        if (vector.ByteCount + additional > limits.MaxReadBytes)
        {
            throw ParquetFormatException.AboveLimit(
                $"One read of this column would give {vector.ByteCount + additional:N0} bytes of values or more; the limit is {limits.MaxReadBytes:N0}.", nameof(ParquetReaderLimits.MaxReadBytes));
        }
    }

    /// <summary>Copies a value; up to <see cref="Spare"/> bytes behind both ends must be readable and writable when it is at most that long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* source, byte* destination, int length)
    {
        if (length <= 16)
        {
            Vector128.Load(source).Store(destination);
        }
        else if (length <= Spare)
        {
            Vector256.Load(source).Store(destination);
        }
        else
        {
            ExactCopy.CopyMany(source, destination, length);
        }
    }

    public static void ThrowValueTooLong(long length, ParquetReaderLimits limits) =>
        throw ParquetFormatException.AboveLimit($"A value claims {length:N0} bytes; the limit is {limits.MaxValueBytes:N0}.", nameof(ParquetReaderLimits.MaxValueBytes));
}
