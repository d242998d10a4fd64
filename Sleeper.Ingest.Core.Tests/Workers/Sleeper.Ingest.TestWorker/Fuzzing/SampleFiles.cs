using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Small good files to damage: every type, encoding, codec and page version, nulls, lists and maps, several pages and row groups.</summary>
internal static class SampleFiles
{
    private const int RowCount = 24;
    private const int FilesOfCodec = 4;
    private const int FittingCount = 7;

    private static readonly CompressionCodec[] Codecs =
    [
        CompressionCodec.Uncompressed, CompressionCodec.Snappy, CompressionCodec.Lz4Raw, CompressionCodec.Gzip, CompressionCodec.Uncompressed, CompressionCodec.Brotli,
        .. PageCompression.IsAvailable(CompressionCodec.Zstd) ? [CompressionCodec.Zstd] : Array.Empty<CompressionCodec>(),
    ];

    private static readonly Lazy<IReadOnlyList<byte[]>> Made = new(() => [.. MakeAll()]);

    public static IReadOnlyList<byte[]> All => Made.Value;

    /// <summary>Those with the columns of a table.</summary>
    public static IReadOnlyList<byte[]> Tables => [.. All.Take(Codecs.Length * FilesOfCodec)];

    /// <summary>Those, and files whose columns have other types and annotations that fit the table.</summary>
    public static IReadOnlyList<byte[]> Inputs => [.. Tables, .. All.Skip(All.Count - FittingCount)];

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

        random.Begin(1, 0, number++);
        yield return WithMoreMetadata(Write(AnnotatedSchema(), CompressionCodec.Uncompressed, WriterVersion.V2, ColumnEncoding.Plain, random));
        foreach (ParquetSchema schema in (ParquetSchema[])[FittingSchema(isOld: false), FittingSchema(isOld: true), .. ConvertedSchemas()])
        {
            random.Begin(1, 0, number++);
            yield return Write(schema, CompressionCodec.Uncompressed, WriterVersion.V1, ColumnEncoding.Auto, random);
        }
    }

    /// <summary>Columns of the table's names, of other types that its fields take.</summary>
    private static ParquetSchema FittingSchema(bool isOld) => new(
        "table",
        [
            SchemaNode.Primitive("key", Repetition.Optional, PhysicalType.Int32, isOld ? null : new LogicalType(LogicalTypeKind.Integer) { BitWidth = 32 }, isOld ? ConvertedType.UInt32 : null),
            SchemaNode.Primitive("text", Repetition.Optional, PhysicalType.ByteArray, isOld ? null : new LogicalType(LogicalTypeKind.Enum), isOld ? ConvertedType.Enum : null),
            SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Int32, isOld ? null : new LogicalType(LogicalTypeKind.Integer) { BitWidth = 8 }, isOld ? ConvertedType.Int16 : null),
            SchemaNode.List("list", Repetition.Optional, SchemaNode.Primitive("element", Repetition.Optional, PhysicalType.ByteArray, new LogicalType(LogicalTypeKind.Json))),
            SchemaNode.Map("map", Repetition.Optional, SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int32), SchemaNode.Primitive("value", Repetition.Optional, PhysicalType.Int32, new LogicalType(LogicalTypeKind.Date))),
        ]);

    /// <summary>Columns that fit if they are converted: see <see cref="IngestTarget"/>.</summary>
    private static IEnumerable<ParquetSchema> ConvertedSchemas()
    {
        var amount = new LogicalType(LogicalTypeKind.Decimal) { Precision = 9, Scale = 2 };
        yield return Of(SchemaNode.Primitive("text", Repetition.Required, PhysicalType.Int32, amount), SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Double));
        yield return Of(
            SchemaNode.Primitive("text", Repetition.Required, PhysicalType.Int64, new LogicalType(LogicalTypeKind.Timestamp) { Unit = TimeUnit.Micros }), SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Int64));
        yield return Of(SchemaNode.Primitive("text", Repetition.Required, PhysicalType.FixedLenByteArray, new LogicalType(LogicalTypeKind.Uuid), typeLength: 16), SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Float));
        yield return Of(SchemaNode.Primitive("text", Repetition.Required, PhysicalType.Int32, new LogicalType(LogicalTypeKind.Date)), SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Int32, amount));
        yield return Of(SchemaNode.Primitive("text", Repetition.Required, PhysicalType.Boolean), SchemaNode.Primitive("number", Repetition.Optional, PhysicalType.Int64, amount));

        static ParquetSchema Of(SchemaNode text, SchemaNode number) => new(
            "table",
            [
                SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int64),
                text,
                number,
                SchemaNode.List("list", Repetition.Required, SchemaNode.Utf8("element", Repetition.Required)),
                SchemaNode.Map("map", Repetition.Required, SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int32), SchemaNode.Primitive("value", Repetition.Required, PhysicalType.Int64)),
            ]);
    }

    /// <summary>Each annotation that has parameters.</summary>
    private static ParquetSchema AnnotatedSchema() => new(
        "annotated",
        [
            SchemaNode.Primitive("decimal", Repetition.Required, PhysicalType.Int32, new LogicalType(LogicalTypeKind.Decimal) { Precision = 9, Scale = 2 }, ConvertedType.Decimal),
            SchemaNode.Primitive("time", Repetition.Optional, PhysicalType.Int32, new LogicalType(LogicalTypeKind.Time) { Unit = TimeUnit.Millis }, ConvertedType.TimeMillis),
            SchemaNode.Primitive("timestamp", Repetition.Required, PhysicalType.Int64, new LogicalType(LogicalTypeKind.Timestamp) { Unit = TimeUnit.Nanos, IsAdjustedToUtc = true }),
            SchemaNode.Primitive("small", Repetition.Required, PhysicalType.Int32, new LogicalType(LogicalTypeKind.Integer) { BitWidth = 16, IsSigned = true }, ConvertedType.Int16),
            SchemaNode.Primitive("uuid", Repetition.Required, PhysicalType.FixedLenByteArray, new LogicalType(LogicalTypeKind.Uuid), typeLength: 16),
        ]);

    /// <summary>With what our writer leaves out of a footer: pairs of the user's, and columns by which row groups are sorted.</summary>
    private static byte[] WithMoreMetadata(byte[] file)
    {
        const short KeyValueMetadata = 5;
        const short RowGroups = 4;
        const short SortingColumns = 4;
        var model = FileModel.Parse(file);
        Add(model.Footer, KeyValueMetadata, ListOf(StructOf(Text("key"), Text("value")), StructOf(Text("alone"))));
        foreach (ThriftNode group in model.Footer.Member(RowGroups)!.Children)
        {
            Add(group, SortingColumns, ListOf(StructOf(new ThriftNode { Type = ThriftType.I32, Number = 2 }, new ThriftNode { Type = ThriftType.False }, new ThriftNode { Type = ThriftType.True })));
        }

        return model.Write(fixFooter: true);
    }

    private static ThriftNode Text(string text) => new() { Type = ThriftType.Binary, Bytes = System.Text.Encoding.UTF8.GetBytes(text) };

    private static ThriftNode ListOf(params ThriftNode[] elements)
    {
        var list = new ThriftNode { Type = ThriftType.List, ElementType = elements[0].Type };
        list.Children.AddRange(elements);
        return list;
    }

    private static ThriftNode StructOf(params ThriftNode[] members)
    {
        var parent = new ThriftNode { Type = ThriftType.Struct };
        for (short id = 1; id <= members.Length; id++)
        {
            Add(parent, id, members[id - 1]);
        }

        return parent;
    }

    private static void Add(ThriftNode parent, short id, ThriftNode member)
    {
        parent.Children.Insert(parent.Ids.Count, member);
        parent.Ids.Add(id);
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
