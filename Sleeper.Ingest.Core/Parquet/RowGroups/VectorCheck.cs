using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Refuses batches that do not fit their column, before kernels work on them with pointers.</summary>
internal static class VectorCheck
{
    public static void Check(LeafColumn column, ColumnVector values)
    {
        if (values.Kind != column.VectorKind)
        {
            Throw(column, $"the vector holds {values.Kind}, the column needs {column.VectorKind}");
        }

        CheckLevels(column, values);
        int capacity = values.Kind switch { VectorKind.Int32 => values.Ints.Length, VectorKind.Int64 => values.Longs.Length, _ => values.Offsets.Length - 1 };
        if (values.ValueCount < 0 || values.ValueCount > capacity)
        {
            Throw(column, $"it claims {values.ValueCount} values in an array for {capacity}");
        }

        if (values.Kind == VectorKind.Bytes)
        {
            CheckOffsets(column, values);
        }
    }

    private static void CheckLevels(LeafColumn column, ColumnVector values)
    {
        if (column.MaxDefinitionLevel == 0)
        {
            if (values.LevelCount != values.ValueCount)
            {
                Throw(column, $"it has {values.LevelCount} entries and {values.ValueCount} values, but the column has neither nulls nor lists");
            }

            return;
        }

        if (values.LevelCount < 0 || values.LevelCount > values.DefinitionLevels.Length)
        {
            Throw(column, $"it claims {values.LevelCount} entries, but has {values.DefinitionLevels.Length} definition levels");
        }

        ReadOnlySpan<byte> definition = values.DefinitionLevels.AsSpan(0, values.LevelCount);
        int present = definition.Count((byte)column.MaxDefinitionLevel);
        if (present != values.ValueCount || definition.ContainsAnyExceptInRange((byte)0, (byte)column.MaxDefinitionLevel))
        {
            Throw(column, $"its definition levels, at most {column.MaxDefinitionLevel}, are those of {present} values, but there are {values.ValueCount}");
        }

        if (column.MaxRepetitionLevel > 0)
        {
            if (values.LevelCount > values.RepetitionLevels.Length)
            {
                Throw(column, $"it claims {values.LevelCount} entries, but has {values.RepetitionLevels.Length} repetition levels");
            }

            ReadOnlySpan<byte> repetition = values.RepetitionLevels.AsSpan(0, values.LevelCount);
            if ((repetition.Length > 0 && repetition[0] != 0) || repetition.ContainsAnyExceptInRange((byte)0, (byte)column.MaxRepetitionLevel))
            {
                Throw(column, $"its repetition levels do not start with a row, or exceed {column.MaxRepetitionLevel}");
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckOffsets(LeafColumn column, ColumnVector values)
    {
        ReadOnlySpan<int> offsets = values.Offsets.AsSpan(0, values.ValueCount + 1);
        ReadOnlySpan<int> ends = offsets[1..];
        int signs = offsets[0];
        int at = 0;
        for (; at + Vector<int>.Count <= ends.Length; at += Vector<int>.Count)
        {
            Vector<int> lengths = new Vector<int>(ends[at..]) - new Vector<int>(offsets[at..]);
            signs |= Vector.LessThanAny(lengths, Vector<int>.Zero) ? -1 : 0;
        }

        for (; at < ends.Length; at++)
        {
            signs |= ends[at] - offsets[at];
        }

        if (signs < 0 || offsets[^1] > values.Bytes.Length)
        {
            Throw(column, $"its offsets do not ascend from 0 to at most {values.Bytes.Length}");
        }

        if (column.PhysicalType != PhysicalType.ByteArray)
        {
            for (int i = 0; i < ends.Length; i++)
            {
                if (ends[i] - offsets[i] != column.TypeLength)
                {
                    Throw(column, $"value {i} has {ends[i] - offsets[i]} bytes, the column's type has {column.TypeLength}");
                }
            }
        }
    }

    [DoesNotReturn]
    private static void Throw(LeafColumn column, string what) =>
        throw new ArgumentException($"The values given for column {column.Index} '{column.DottedPath}' are not usable: {what}.");
}
