using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Writes rows, in the order given, into a Parquet file in memory, value by value: a plain second way beside the one of the product.</summary>
internal static class SmallDataFile
{
    public static byte[] Write(Schema schema, IReadOnlyList<Row> rows, int rowGroupRowCount = int.MaxValue, int pageRowCount = 20_000, int pageBytes = 131_072, bool filters = false, bool dictionaries = false)
    {
        var parquet = new ParquetSchema("record", [.. schema.AllFields.Select(ToNode)]);
        var options = new ParquetWriterOptions { CreateCompressor = () => PageCompression.Create(CompressionCodec.Snappy), PageRows = pageRowCount, PageBytes = pageBytes };
        if (filters)
        {
            var filter = new BloomFilterWriteOptions(null, 0.1, 1 << 20);
            options = options with
            {
                Columns = [.. parquet.Columns.Select(c => new ColumnWriteOptions { BloomFilter = schema.IndexOf(c.Path[0]) < schema.RowKeyFields.Count ? filter : null })],
            };
        }

        if (dictionaries)
        {
            // Small enough that a chunk of many values gives its dictionary up on the way.
            options = options with { DictionaryBytes = 2000, Columns = [.. parquet.Columns.Select(_ => new ColumnWriteOptions { Dictionary = DictionaryUse.Try })] };
        }

        var builder = new ParquetFileBuilder(parquet, options);
        var file = new MemoryStream();
        file.Write(ParquetFileBuilder.Header.Span);
        using var encoder = new RowGroupEncoder(parquet, options);
        for (int start = 0; start < rows.Count; start += Math.Min(rowGroupRowCount, rows.Count))
        {
            AppendColumns(encoder, parquet, schema, [.. rows.Skip(start).Take(rowGroupRowCount)]);
            using var group = encoder.Finish();
            builder.Add(group);
            foreach (var segment in group.Segments)
            {
                file.Write(segment.Span);
            }
        }

        file.Write(builder.Finish().Span);
        return file.ToArray();
    }

    private static void AppendColumns(RowGroupEncoder encoder, ParquetSchema parquet, Schema schema, List<Row> rows)
    {
        for (int f = 0; f < schema.AllFields.Count; f++)
        {
            var field = schema.AllFields[f];
            int leaf = parquet.Fields[f].FirstLeaf;
            switch (field.Type.Kind)
            {
                case FieldTypeKind.List:
                    encoder.Append(leaf, Items(field, parquet.Columns[leaf], rows, row => row[f].IsNull ? null : row[f].AsList()));
                    break;
                case FieldTypeKind.Map:
                    encoder.Append(leaf, Items(field, parquet.Columns[leaf], rows, row => row[f].IsNull ? null : [.. row[f].AsMap().Select(e => e.Key)]));
                    encoder.Append(leaf + 1, Items(field, parquet.Columns[leaf + 1], rows, row => row[f].IsNull ? null : [.. row[f].AsMap().Select(e => e.Value)]));
                    break;
                default:
                    encoder.Append(leaf, Single(field, parquet.Columns[leaf], rows, f));
                    break;
            }
        }
    }

    private static ColumnVector Single(Field field, LeafColumn column, List<Row> rows, int index)
    {
        var vector = new ColumnVector(column.VectorKind);
        foreach (var row in rows)
        {
            if (field.IsNullable)
            {
                AddLevel(vector, row[index].IsNull ? 0 : 1, null);
            }
            else
            {
                vector.LevelCount++;
            }

            if (!row[index].IsNull)
            {
                AddValue(vector, row[index]);
            }
        }

        return vector;
    }

    private static ColumnVector Items(Field field, LeafColumn column, List<Row> rows, Func<Row, IReadOnlyList<FieldValue>?> items)
    {
        var vector = new ColumnVector(column.VectorKind);
        int full = field.IsNullable ? 2 : 1;
        foreach (var list in rows.Select(items))
        {
            if (list is null || list.Count == 0)
            {
                AddLevel(vector, list is null ? 0 : full - 1, 0);
            }

            for (int i = 0; i < (list?.Count ?? 0); i++)
            {
                AddLevel(vector, full, i == 0 ? 0 : 1);
                AddValue(vector, list![i]);
            }
        }

        return vector;
    }

    private static void AddLevel(ColumnVector vector, int definition, int? repetition)
    {
        vector.EnsureLevels(1, true, repetition is not null);
        vector.DefinitionLevels[vector.LevelCount] = (byte)definition;
        if (repetition is { } level)
        {
            vector.RepetitionLevels[vector.LevelCount] = (byte)level;
        }

        vector.LevelCount++;
    }

    private static void AddValue(ColumnVector vector, FieldValue value)
    {
        vector.EnsureValues(1);
        switch (value.Kind)
        {
            case FieldValueKind.Int:
                vector.Ints[vector.ValueCount++] = value.AsInt();
                break;
            case FieldValueKind.Long:
                vector.Longs[vector.ValueCount++] = value.AsLong();
                break;
            default:
                byte[] bytes = value.Kind == FieldValueKind.String ? Encoding.UTF8.GetBytes(value.AsString()) : value.AsBytes().ToArray();
                vector.EnsureBytes(bytes.Length);
                int start = vector.ByteCount;
                bytes.CopyTo(vector.Bytes, start);
                vector.Offsets[++vector.ValueCount] = start + bytes.Length;
                break;
        }
    }

    private static SchemaNode ToNode(Field field)
    {
        var repetition = field.IsNullable ? Repetition.Optional : Repetition.Required;
        return field.Type.Kind switch
        {
            FieldTypeKind.List => SchemaNode.List(field.Name, repetition, Primitive(field.Name, Repetition.Required, field.Type.ElementType!)),
            FieldTypeKind.Map => SchemaNode.Map(
                field.Name,
                repetition,
                Primitive("key", Repetition.Required, field.Type.KeyType!),
                Primitive("value", Repetition.Required, field.Type.ValueType!)),
            _ => Primitive(field.Name, repetition, field.Type),
        };
    }

    private static SchemaNode Primitive(string name, Repetition repetition, FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => SchemaNode.Primitive(name, repetition, PhysicalType.Int32),
        FieldTypeKind.Long => SchemaNode.Primitive(name, repetition, PhysicalType.Int64),
        FieldTypeKind.String => SchemaNode.Utf8(name, repetition),
        _ => SchemaNode.Primitive(name, repetition, PhysicalType.ByteArray),
    };
}
