using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>Takes rows of nested values apart into leaf columns with their levels, as Dremel does (Melnik et al., 2010), value by value.</summary>
internal sealed class ColumnShredder
{
    private readonly ParquetSchema _schema;
    private readonly ColumnVector[] _vectors;

    private ColumnShredder(ParquetSchema schema)
    {
        _schema = schema;
        _vectors = [.. schema.Columns.Select(leaf => new ColumnVector(leaf.VectorKind))];
    }

    /// <summary>One vector for each leaf.</summary>
    public static ColumnVector[] Shred(ParquetSchema schema, IReadOnlyList<NestedType> columns, IEnumerable<object?[]> rows)
    {
        var shredder = new ColumnShredder(schema);
        foreach (object?[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                shredder.Add(columns[i], schema.Fields[i], row[i], repetition: 0);
            }
        }

        return shredder._vectors;
    }

    private void Add(NestedType type, SchemaNode node, object? value, int repetition)
    {
        if (value is null)
        {
            Assert.True(type.IsNullable, $"{type} cannot be null");
            AddMissing(node, repetition, node.MaxDefinitionLevel - 1);
            return;
        }

        switch (type.Kind)
        {
            case NestedKind.Leaf:
                AddEntry(node.FirstLeaf, repetition, node.MaxDefinitionLevel);
                ColumnVectors.AddValue(_vectors[node.FirstLeaf], value);
                break;
            case NestedKind.Struct:
                for (int i = 0; i < type.Children.Count; i++)
                {
                    Add(type.Children[i], node.Children[i], ((object?[])value)[i], repetition);
                }

                break;
            default:
                AddRepeated(type, node, (object?[])value, repetition);
                break;
        }
    }

    private void AddRepeated(NestedType type, SchemaNode node, object?[] items, int repetition)
    {
        var repeated = node.Children[0];
        if (items.Length == 0)
        {
            AddMissing(node, repetition, node.MaxDefinitionLevel);
        }

        for (int i = 0; i < items.Length; i++)
        {
            object?[] parts = type.Kind == NestedKind.List ? [items[i]] : (object?[])items[i]!;
            for (int part = 0; part < parts.Length; part++)
            {
                Add(type.Children[part], repeated.Children[part], parts[part], i == 0 ? repetition : repeated.MaxRepetitionLevel);
            }
        }
    }

    private void AddMissing(SchemaNode node, int repetition, int definition)
    {
        for (int leaf = node.FirstLeaf; leaf < node.FirstLeaf + node.LeafCount; leaf++)
        {
            AddEntry(leaf, repetition, definition);
        }
    }

    private void AddEntry(int leaf, int repetition, int definition)
    {
        var (column, vector) = (_schema.Columns[leaf], _vectors[leaf]);
        vector.EnsureLevels(1, column.MaxDefinitionLevel > 0, column.MaxRepetitionLevel > 0);
        if (column.MaxDefinitionLevel > 0)
        {
            vector.DefinitionLevels[vector.LevelCount] = (byte)definition;
        }

        if (column.MaxRepetitionLevel > 0)
        {
            vector.RepetitionLevels[vector.LevelCount] = (byte)repetition;
        }

        vector.LevelCount++;
    }
}
