using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>Puts the columns of a Parquet file together to rows of text, at any depth, from what the file itself says of its columns.</summary>
/// <remarks>The text is that of <see cref="NestedText"/>. Levels that do not fit together fail the test.</remarks>
internal sealed class ColumnAssembler
{
    private readonly ParquetSchema _schema;
    private readonly ColumnVector[] _vectors;
    private readonly int[] _nextEntry;
    private readonly int[] _nextValue;
    private readonly StringBuilder _text = new();

    private ColumnAssembler(ParquetSchema schema, ColumnVector[] vectors)
    {
        _schema = schema;
        _vectors = vectors;
        _nextEntry = new int[vectors.Length];
        _nextValue = new int[vectors.Length];
    }

    /// <summary>All rows, decoded in stretches of this many rows.</summary>
    public static async Task<List<string>> ReadAsync(byte[] bytes, int stretch)
    {
        using var file = await ParquetFileReader.OpenAsync(new BytesSource("file", bytes), ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        int[] leaves = [.. Enumerable.Range(0, file.Schema.Columns.Count)];
        var rows = new List<string>();
        for (int group = 0; group < file.RowGroupCount; group++)
        {
            await using var reader = await file.OpenRowGroupAsync(group, leaves, TestContext.Current.CancellationToken);
            var vectors = file.Schema.Columns.Select(column => new ColumnVector(column.VectorKind)).ToArray();
            for (int given = 1; given > 0;)
            {
                given = 0;
                Array.ForEach(vectors, vector => vector.Clear());
                foreach (int leaf in leaves)
                {
                    given = await reader.ReadAsync(leaf, vectors[leaf], stretch, TestContext.Current.CancellationToken);
                }

                new ColumnAssembler(file.Schema, vectors).AddRows(rows, given);
            }
        }

        return rows;
    }

    private void AddRows(List<string> rows, int count)
    {
        for (int row = 0; row < count; row++)
        {
            _text.Clear();
            for (int i = 0; i < _schema.Fields.Count; i++)
            {
                _text.Append(i == 0 ? "" : "|");
                Assemble(_schema.Fields[i]);
            }

            rows.Add(_text.ToString());
        }

        for (int leaf = 0; leaf < _vectors.Length; leaf++)
        {
            Assert.Equal((_vectors[leaf].LevelCount, _vectors[leaf].ValueCount), (_nextEntry[leaf], _nextValue[leaf]));
        }
    }

    private void Assemble(SchemaNode node)
    {
        if (node.Repetition == Repetition.Optional && NextDefinition(node) < node.MaxDefinitionLevel)
        {
            Pass(node);
            _text.Append("null");
        }
        else if (!node.IsGroup)
        {
            AssembleLeaf(node);
        }
        else if (node.Children is [{ Repetition: Repetition.Repeated } repeated])
        {
            AssembleRepeated(node, repeated);
        }
        else
        {
            _text.Append('{');
            for (int i = 0; i < node.Children.Count; i++)
            {
                _text.Append(i == 0 ? "" : ",");
                Assemble(node.Children[i]);
            }

            _text.Append('}');
        }
    }

    private void AssembleRepeated(SchemaNode node, SchemaNode repeated)
    {
        bool isMap = node.LogicalType?.Kind == LogicalTypeKind.Map || node.ConvertedType == ConvertedType.Map;
        if (NextDefinition(node) < repeated.MaxDefinitionLevel)
        {
            Pass(node);
            _text.Append("[]");
            return;
        }

        int start = _text.Length;
        var entries = new List<string>();
        do
        {
            int entry = _text.Length;
            Assemble(repeated.Children[0]);
            if (isMap)
            {
                _text.Append(':');
                Assemble(repeated.Children[1]);
            }

            entries.Add(_text.ToString(entry, _text.Length - entry));
        }
        while (NextRepetition(node) == repeated.MaxRepetitionLevel);
        _text.Length = start;
        _text.Append(isMap ? NestedText.Sorted(entries) : '[' + string.Join(',', entries) + ']');
    }

    private void AssembleLeaf(SchemaNode node)
    {
        var vector = _vectors[node.FirstLeaf];
        Assert.Equal(node.MaxDefinitionLevel, NextDefinition(node));
        int index = _nextValue[node.FirstLeaf]++;
        _nextEntry[node.FirstLeaf]++;
        _text.Append(LeafText.Of(node, vector.Kind switch
        {
            VectorKind.Int32 => vector.Ints[index],
            VectorKind.Int64 => vector.Longs[index],
            _ => vector.BytesAt(index).ToArray(),
        }));
    }

    private int NextDefinition(SchemaNode node)
    {
        int leaf = node.FirstLeaf;
        return _schema.Columns[leaf].MaxDefinitionLevel == 0 ? 0 : _vectors[leaf].DefinitionLevels[_nextEntry[leaf]];
    }

    /// <summary>Of the next entry; -1 at the end.</summary>
    private int NextRepetition(SchemaNode node)
    {
        int leaf = node.FirstLeaf;
        return _nextEntry[leaf] == _vectors[leaf].LevelCount ? -1 : _vectors[leaf].RepetitionLevels[_nextEntry[leaf]];
    }

    private void Pass(SchemaNode node)
    {
        for (int leaf = node.FirstLeaf; leaf < node.FirstLeaf + node.LeafCount; leaf++)
        {
            _nextEntry[leaf]++;
        }
    }
}
