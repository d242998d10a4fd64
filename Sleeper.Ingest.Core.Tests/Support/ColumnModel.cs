using System.Text;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Puts rows together from column vectors in Sleeper's layout, the plain way.</summary>
internal static class ColumnModel
{
    public static List<Row> ToRows(Schema schema, IReadOnlyList<ColumnVector> vectors, int rowCount)
    {
        var columns = new List<FieldValue[]>();
        int vector = 0;
        foreach (var field in schema.AllFields)
        {
            switch (field.Type.Kind)
            {
                case FieldTypeKind.List:
                    columns.Add([.. Groups(vectors[vector++], field.Type.ElementType!, field.IsNullable).Select(g => g is null ? FieldValue.Null : FieldValue.FromList(g))]);
                    break;
                case FieldTypeKind.Map:
                    var keys = Groups(vectors[vector++], field.Type.KeyType!, field.IsNullable);
                    var values = Groups(vectors[vector++], field.Type.ValueType!, field.IsNullable);
                    columns.Add([.. keys.Zip(values, (k, v) => k is null ? FieldValue.Null : FieldValue.FromMap(k.Zip(v!, KeyValuePair.Create)))]);
                    break;
                default:
                    columns.Add(Flat(vectors[vector++], field));
                    break;
            }
        }

        return [.. Enumerable.Range(0, rowCount).Select(i => new Row(schema, columns.Select(c => c[i]).ToArray()))];
    }

    private static FieldValue[] Flat(ColumnVector vector, Field field)
    {
        int next = 0;
        return [.. Enumerable.Range(0, vector.LevelCount).Select(i =>
            field.IsNullable && vector.DefinitionLevels[i] == 0 ? FieldValue.Null : Item(vector, field.Type, next++))];
    }

    private static List<List<FieldValue>?> Groups(ColumnVector vector, FieldType type, bool nullable)
    {
        int present = nullable ? 1 : 0;
        int next = 0;
        var groups = new List<List<FieldValue>?>();
        for (int i = 0; i < vector.LevelCount; i++)
        {
            if (vector.RepetitionLevels[i] == 0)
            {
                groups.Add(vector.DefinitionLevels[i] < present ? null : []);
            }

            if (vector.DefinitionLevels[i] > present)
            {
                groups[^1]!.Add(Item(vector, type, next++));
            }
        }

        return groups;
    }

    private static FieldValue Item(ColumnVector vector, FieldType type, int index) => type.Kind switch
    {
        FieldTypeKind.Int => vector.Ints[index],
        FieldTypeKind.Long => vector.Longs[index],
        FieldTypeKind.String => Encoding.UTF8.GetString(vector.BytesAt(index)),
        _ => FieldValue.FromBytes(vector.BytesAt(index).ToArray()),
    };
}
