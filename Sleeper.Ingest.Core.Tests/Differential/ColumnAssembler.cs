using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>Puts the columns of a Parquet file together to rows of text, at any depth, from what the file itself says of its columns.</summary>
/// <remarks>The text is that of <see cref="NestedText"/>. Levels that do not fit together are an <see cref="InvalidDataException"/>.</remarks>
internal sealed class ColumnAssembler
{
    private readonly ParquetSchema _schema;
    private readonly IReadOnlyList<SchemaNode> _fields;
    private readonly ColumnVector[] _vectors;
    private readonly int[] _nextEntry;
    private readonly int[] _nextValue;
    private readonly StringBuilder _text = new();

    private ColumnAssembler(ParquetSchema schema, IReadOnlyList<SchemaNode> fields, ColumnVector[] vectors)
    {
        _schema = schema;
        _fields = fields;
        _vectors = vectors;
        _nextEntry = new int[vectors.Length];
        _nextValue = new int[vectors.Length];
    }

    /// <summary>All rows, decoded in stretches of this many rows, of all fields or of some.</summary>
    public static async Task<List<string>> ReadAsync(IRandomAccessReader source, ParquetReaderLimits limits, int stretch, IReadOnlyList<int>? numbers = null)
    {
        using var file = await ParquetFileReader.OpenAsync(source, limits, default).ConfigureAwait(false);
        SchemaNode[] fields = [.. (numbers ?? [.. Enumerable.Range(0, file.Schema.Fields.Count)]).Select(number => file.Schema.Fields[number])];
        int[] leaves = [.. fields.SelectMany(field => Enumerable.Range(field.FirstLeaf, field.LeafCount))];
        var rows = new List<string>();
        for (int group = 0; group < file.RowGroupCount; group++)
        {
            using var reader = await file.OpenRowGroupAsync(group, leaves, default).ConfigureAwait(false);
            var vectors = file.Schema.Columns.Select(column => new ColumnVector(column.VectorKind)).ToArray();
            for (int given = 1; given > 0;)
            {
                given = 0;
                Array.ForEach(vectors, vector => vector.Clear());
                foreach (int leaf in leaves)
                {
                    given = await reader.ReadAsync(leaf, vectors[leaf], stretch, default).ConfigureAwait(false);
                }

                new ColumnAssembler(file.Schema, fields, vectors).AddRows(rows, given);
            }
        }

        return rows;
    }

    private void AddRows(List<string> rows, int count)
    {
        for (int row = 0; row < count; row++)
        {
            _text.Clear();
            for (int i = 0; i < _fields.Count; i++)
            {
                _text.Append(i == 0 ? "" : "|");
                Assemble(_fields[i]);
                RequireEndOfRow(_fields[i]);
            }

            rows.Add(_text.ToString());
        }

        for (int leaf = 0; leaf < _vectors.Length; leaf++)
        {
            Require((_vectors[leaf].LevelCount, _vectors[leaf].ValueCount) == (_nextEntry[leaf], _nextValue[leaf]), leaf);
        }
    }

    /// <summary>Columns of one field have the same entries.</summary>
    private void RequireEndOfRow(SchemaNode field)
    {
        for (int leaf = field.FirstLeaf; leaf < field.FirstLeaf + field.LeafCount; leaf++)
        {
            bool isRepeated = _schema.Columns[leaf].MaxRepetitionLevel > 0 && _nextEntry[leaf] < _vectors[leaf].LevelCount;
            Require(!isRepeated || _vectors[leaf].RepetitionLevels[_nextEntry[leaf]] == 0, leaf);
        }
    }

    private void Require(bool condition, int leaf)
    {
        if (!condition)
        {
            throw new InvalidDataException($"The levels of column {leaf} do not fit at entry {_nextEntry[leaf]}, value {_nextValue[leaf]}.");
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
        _text.Append(isMap ? LeafText.OfMap(entries) : '[' + string.Join(',', entries) + ']');
    }

    private void AssembleLeaf(SchemaNode node)
    {
        var vector = _vectors[node.FirstLeaf];
        Require(NextDefinition(node) == node.MaxDefinitionLevel, node.FirstLeaf);
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
        Require(_nextEntry[leaf] < _vectors[leaf].LevelCount, leaf);
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
