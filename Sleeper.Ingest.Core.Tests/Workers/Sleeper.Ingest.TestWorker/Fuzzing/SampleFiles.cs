using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Small good files to damage: every type, encoding, codec and page version, nulls, lists and maps, several pages and row groups.</summary>
internal static class SampleFiles
{
    private const int RowCount = 24;
    private const int FilesOfCodec = 4;

    private static readonly CompressionCodec[] Codecs =
    [
        CompressionCodec.Uncompressed, CompressionCodec.Snappy, CompressionCodec.Lz4Raw, CompressionCodec.Gzip, CompressionCodec.Uncompressed, CompressionCodec.Brotli,
        .. PageCompression.IsAvailable(CompressionCodec.Zstd) ? [CompressionCodec.Zstd] : Array.Empty<CompressionCodec>(),
    ];

    private static readonly Lazy<IReadOnlyList<byte[]>> Made = new(() => [.. MakeAll()]);

    public static IReadOnlyList<byte[]> All => Made.Value;

    /// <summary>Those with the columns of a table.</summary>
    public static IReadOnlyList<byte[]> Tables => [.. All.Take(Codecs.Length * FilesOfCodec)];

    private static IEnumerable<byte[]> MakeAll()
    {
        var random = new FuzzRandom();
        int number = 0;
        foreach (CompressionCodec codec in Codecs)
        {
            foreach (WriterVersion version in (WriterVersion[])[WriterVersion.V1, WriterVersion.V2])
            {
                foreach (ColumnEncoding encoding in (ColumnEncoding[])[ColumnEncoding.Plain, ColumnEncoding.Auto])
                {
                    random.Begin(1, 0, number++);
                    yield return Write(TableSchema(), codec, version, encoding, random);
                }
            }
        }

        foreach (ColumnEncoding encoding in (ColumnEncoding[])[ColumnEncoding.Plain, ColumnEncoding.ByteStreamSplit, ColumnEncoding.Delta, ColumnEncoding.DeltaLengthByteArray])
        {
            random.Begin(1, 0, number++);
            yield return Write(WideSchema(encoding), CompressionCodec.Uncompressed, WriterVersion.V2, encoding, random);
        }
    }

    /// <summary>What a table may have: keys, nullable values, a list, a map.</summary>
    private static ParquetSchema TableSchema() => new(
        "table",
        [
            SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int64),
            SchemaNode.Utf8("text", Repetition.Required),
            SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Int32),
            SchemaNode.List("list", Repetition.Required, SchemaNode.Utf8("element", Repetition.Required)),
            SchemaNode.Map("map", Repetition.Required, SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int32), SchemaNode.Primitive("value", Repetition.Required, PhysicalType.Int64)),
        ]);

    /// <summary>Each physical type that can have the encoding.</summary>
    private static ParquetSchema WideSchema(ColumnEncoding encoding)
    {
        (string Name, PhysicalType Type, int Length)[] types = encoding switch
        {
            ColumnEncoding.ByteStreamSplit => [("i", PhysicalType.Int32, 0), ("l", PhysicalType.Int64, 0), ("f", PhysicalType.Float, 0), ("d", PhysicalType.Double, 0), ("x", PhysicalType.FixedLenByteArray, 5)],
            ColumnEncoding.Delta => [("i", PhysicalType.Int32, 0), ("l", PhysicalType.Int64, 0), ("b", PhysicalType.ByteArray, 0)],
            ColumnEncoding.DeltaLengthByteArray => [("b", PhysicalType.ByteArray, 0)],
            _ => [("o", PhysicalType.Boolean, 0), ("f", PhysicalType.Float, 0), ("d", PhysicalType.Double, 0), ("t", PhysicalType.Int96, 0), ("x", PhysicalType.FixedLenByteArray, 7)],
        };
        return new ParquetSchema(
            "wide", [.. types.Select((type, i) => SchemaNode.Primitive(type.Name, i == 0 ? Repetition.Optional : Repetition.Required, type.Type, typeLength: type.Length))]);
    }

    private static byte[] Write(ParquetSchema schema, CompressionCodec codec, WriterVersion version, ColumnEncoding encoding, FuzzRandom random)
    {
        var options = new ParquetWriterOptions
        {
            CreateCompressor = () => PageCompression.Create(codec),
            Version = version,
            PageRows = 13,
            Columns = [.. schema.Columns.Select(column => new ColumnWriteOptions
            {
                Encoding = EncodingFor(column, encoding),
                Dictionary = random.OneIn(2) ? DictionaryUse.Try : DictionaryUse.Never,
                BloomFilter = column.MaxRepetitionLevel == 0 && column.PhysicalType is not (PhysicalType.Boolean or PhysicalType.Int96) && random.OneIn(3) ? new BloomFilterWriteOptions(null, 0.01, 64) : null,
            })],
        };
        using var encoder = new RowGroupEncoder(schema, options);
        var builder = new ParquetFileBuilder(schema, options);
        var file = new MemoryStream();
        file.Write(ParquetFileBuilder.Header.Span);
        int groups = 1 + random.Next(2);
        for (int i = 0; i < groups; i++)
        {
            AppendColumns(schema, encoder, i * RowCount, random);
            using EncodedRowGroup group = encoder.Finish();
            builder.Add(group);
            foreach (ReadOnlyMemory<byte> segment in group.Segments)
            {
                file.Write(segment.Span);
            }
        }

        file.Write(builder.Finish().Span);
        return file.ToArray();
    }

    private static ColumnEncoding EncodingFor(LeafColumn column, ColumnEncoding encoding) => encoding switch
    {
        ColumnEncoding.Delta or ColumnEncoding.DeltaLengthByteArray or ColumnEncoding.ByteStreamSplit => encoding,
        ColumnEncoding.Auto => ColumnEncoding.Auto,
        _ => ColumnEncoding.Plain,
    };

    private static void AppendColumns(ParquetSchema schema, RowGroupEncoder encoder, int firstRow, FuzzRandom random)
    {
        // A map's two columns have the same entries in every row.
        int[] entryCounts = [.. Enumerable.Range(0, RowCount).Select(_ => random.Next(4))];
        foreach (LeafColumn column in schema.Columns)
        {
            encoder.Append(column.Index, MakeColumn(column, firstRow, entryCounts, random));
        }
    }

    private static ColumnVector MakeColumn(LeafColumn column, int firstRow, int[] entryCounts, FuzzRandom random)
    {
        var vector = new ColumnVector(column.VectorKind);
        byte top = (byte)column.MaxDefinitionLevel;
        for (int row = 0; row < RowCount; row++)
        {
            bool isRepeated = column.MaxRepetitionLevel > 0;
            int count = isRepeated ? entryCounts[row] : 1;
            bool isNull = !isRepeated && top > 0 && random.OneIn(4);
            for (int i = 0; i < Math.Max(1, count); i++)
            {
                bool isThere = count > 0 && !isNull;
                vector.EnsureLevels(1, top > 0, isRepeated);
                if (top > 0)
                {
                    vector.DefinitionLevels[vector.LevelCount] = (byte)(isThere ? top : top - 1);
                }

                if (isRepeated)
                {
                    vector.RepetitionLevels[vector.LevelCount] = (byte)(i == 0 ? 0 : 1);
                }

                vector.LevelCount++;
                if (isThere)
                {
                    AddValue(vector, column, firstRow + row, random);
                }
            }
        }

        return vector;
    }

    private static void AddValue(ColumnVector vector, LeafColumn column, int row, FuzzRandom random)
    {
        vector.EnsureValues(1);
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                vector.Ints[vector.ValueCount++] = column.PhysicalType == PhysicalType.Boolean ? random.Next(2) : random.Next(row + 2);
                break;
            case VectorKind.Int64:
                vector.Longs[vector.ValueCount++] = 1_000_000_007L * row;
                break;
            default:
                int length = column.TypeLength > 0 ? column.TypeLength : random.Next(9);
                vector.EnsureBytes(length);
                for (int i = 0; i < length; i++)
                {
                    vector.Bytes[vector.ByteCount + i] = (byte)('a' + random.Next(3));
                }

                vector.Offsets[vector.ValueCount + 1] = vector.ByteCount + length;
                vector.ValueCount++;
                break;
        }
    }
}
