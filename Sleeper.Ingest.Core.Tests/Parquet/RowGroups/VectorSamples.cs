using System.Text;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

/// <summary>Makes, splits and compares columns.</summary>
internal static class VectorSamples
{
    public static ColumnVector Longs(IEnumerable<long> values)
    {
        var vector = new ColumnVector(VectorKind.Int64);
        foreach (long value in values)
        {
            vector.EnsureValues(1);
            vector.Longs[vector.ValueCount++] = value;
            vector.LevelCount++;
        }

        return vector;
    }

    public static ColumnVector Ints(IEnumerable<int> values)
    {
        var vector = new ColumnVector(VectorKind.Int32);
        foreach (int value in values)
        {
            vector.EnsureValues(1);
            vector.Ints[vector.ValueCount++] = value;
            vector.LevelCount++;
        }

        return vector;
    }

    public static ColumnVector Strings(IEnumerable<string> values) => ByteArrays(values.Select(Encoding.UTF8.GetBytes));

    public static ColumnVector ByteArrays(IEnumerable<byte[]> values)
    {
        var vector = new ColumnVector(VectorKind.Bytes);
        foreach (byte[] value in values)
        {
            Add(vector, value);
            vector.LevelCount++;
        }

        return vector;
    }

    /// <summary>Sets the levels of a vector whose values are there already.</summary>
    public static ColumnVector WithLevels(this ColumnVector vector, byte[] definition, byte[]? repetition = null)
    {
        vector.LevelCount = 0;
        vector.EnsureLevels(definition.Length, definition: true, repetition: repetition is not null);
        definition.CopyTo(vector.DefinitionLevels, 0);
        repetition?.CopyTo(vector.RepetitionLevels, 0);
        vector.LevelCount = definition.Length;
        return vector;
    }

    /// <summary>A random column for any leaf: nulls, empty lists and lists of up to 12 elements where the leaf has them.</summary>
    public static ColumnVector Random(LeafColumn column, int rows, Random random, int distinct = int.MaxValue, int maxBytes = 20)
    {
        var vector = new ColumnVector(column.VectorKind);
        var definition = new List<byte>();
        var repetition = new List<byte>();
        byte top = (byte)column.MaxDefinitionLevel;
        for (int row = 0; row < rows; row++)
        {
            byte first = (byte)random.Next(top + 1);
            first = random.Next(3) == 0 ? first : top;
            int entries = first == top && column.MaxRepetitionLevel > 0 ? random.Next(1, 13) : 1;
            for (int i = 0; i < entries; i++)
            {
                definition.Add(first);
                repetition.Add((byte)(i == 0 ? 0 : 1));
                if (first == top)
                {
                    AddRandom(column, vector, random, distinct, maxBytes);
                }
            }
        }

        vector.LevelCount = definition.Count;
        return top == 0 ? vector : vector.WithLevels([.. definition], column.MaxRepetitionLevel > 0 ? [.. repetition] : null);
    }

    /// <summary>The column in batches of whole rows; in one if no sizes are given.</summary>
    public static IEnumerable<ColumnVector> Split(LeafColumn column, ColumnVector all, Func<int>? batchRows)
    {
        if (batchRows is null)
        {
            yield return all;
            yield break;
        }

        int level = 0;
        int value = 0;
        while (level < all.LevelCount)
        {
            int toLevel = level;
            for (int rows = batchRows(); rows > 0 && toLevel < all.LevelCount; rows--)
            {
                do
                {
                    toLevel++;
                }
                while (column.MaxRepetitionLevel > 0 && toLevel < all.LevelCount && all.RepetitionLevels[toLevel] > 0);
            }

            int values = column.MaxDefinitionLevel == 0 ? toLevel - level : all.DefinitionLevels.AsSpan(level, toLevel - level).Count((byte)column.MaxDefinitionLevel);
            yield return Slice(column, all, level, toLevel - level, value, values);
            level = toLevel;
            value += values;
        }
    }

    public static void AssertSame(LeafColumn column, ColumnVector expected, ColumnVector actual)
    {
        Assert.Equal((expected.LevelCount, expected.ValueCount), (actual.LevelCount, actual.ValueCount));
        if (column.MaxDefinitionLevel > 0)
        {
            Assert.Equal(expected.DefinitionLevels[..expected.LevelCount], actual.DefinitionLevels[..actual.LevelCount]);
        }

        if (column.MaxRepetitionLevel > 0)
        {
            Assert.Equal(expected.RepetitionLevels[..expected.LevelCount], actual.RepetitionLevels[..actual.LevelCount]);
        }

        switch (expected.Kind)
        {
            case VectorKind.Int32:
                Assert.Equal(expected.Ints[..expected.ValueCount], actual.Ints[..actual.ValueCount]);
                break;
            case VectorKind.Int64:
                Assert.Equal(expected.Longs[..expected.ValueCount], actual.Longs[..actual.ValueCount]);
                break;
            default:
                Assert.Equal(expected.Offsets[..(expected.ValueCount + 1)], actual.Offsets[..(actual.ValueCount + 1)]);
                Assert.Equal(expected.Bytes[..expected.ByteCount], actual.Bytes[..actual.ByteCount]);
                break;
        }
    }

    private static ColumnVector Slice(LeafColumn column, ColumnVector all, int level, int levels, int value, int values)
    {
        var part = new ColumnVector(all.Kind);
        for (int i = value; i < value + values; i++)
        {
            switch (all.Kind)
            {
                case VectorKind.Int32:
                    part.EnsureValues(1);
                    part.Ints[part.ValueCount++] = all.Ints[i];
                    break;
                case VectorKind.Int64:
                    part.EnsureValues(1);
                    part.Longs[part.ValueCount++] = all.Longs[i];
                    break;
                default:
                    Add(part, all.BytesAt(i));
                    break;
            }
        }

        part.LevelCount = levels;
        return column.MaxDefinitionLevel == 0
            ? part
            : part.WithLevels(all.DefinitionLevels[level..(level + levels)], column.MaxRepetitionLevel > 0 ? all.RepetitionLevels[level..(level + levels)] : null);
    }

    private static void AddRandom(LeafColumn column, ColumnVector vector, Random random, int distinct, int maxBytes)
    {
        int choice = random.Next(distinct);
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                vector.EnsureValues(1);
                vector.Ints[vector.ValueCount++] = column.PhysicalType == Core.Parquet.Metadata.PhysicalType.Boolean ? choice & 1 : choice * 31;
                break;
            case VectorKind.Int64:
                vector.EnsureValues(1);
                vector.Longs[vector.ValueCount++] = (choice * 7_919_000_111L) ^ (choice % 3 == 0 ? long.MinValue : 0);
                break;
            default:
                var letters = new Random(choice);
                byte[] value = new byte[column.TypeLength > 0 ? column.TypeLength : letters.Next(maxBytes + 1)];
                letters.NextBytes(value);
                Add(vector, value);
                break;
        }
    }

    private static void Add(ColumnVector vector, ReadOnlySpan<byte> value)
    {
        vector.EnsureValues(1);
        vector.EnsureBytes(value.Length);
        value.CopyTo(vector.Bytes.AsSpan(vector.ByteCount));
        vector.Offsets[vector.ValueCount + 1] = vector.ByteCount + value.Length;
        vector.ValueCount++;
    }
}
