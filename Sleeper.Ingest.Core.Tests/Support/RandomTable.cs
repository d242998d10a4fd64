using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>
/// A table made by a seed: any schema, a tree split on any row keys, files referenced on leaves, on partitions above them, and on several at once,
/// with many equal keys.
/// </summary>
internal sealed class RandomTable
{
    private readonly Random _random;
    private readonly Dictionary<string, List<Row>> _files = new(StringComparer.Ordinal);

    public RandomTable(int seed, KeyOrder order)
    {
        _random = new Random(seed);
        Order = order;
        Schema = MakeSchema();
        Partitions = MakeTree();
        var references = new List<FileReference>();
        int fileCount = _random.Next(1, 12);
        for (int i = 0; i < fileCount; i++)
        {
            AddFile($"data/file-{i}.parquet", references);
        }

        State = new TableState(fileCount, Partitions, references, []);
    }

    public Schema Schema { get; }

    public KeyOrder Order { get; }

    public PartitionTree Partitions { get; }

    public TableState State { get; }

    public InMemoryObjectStore Store { get; } = new();

    public ReadContext Context() =>
        new(Store, "random", name => name, Schema, Order)
        {
            StretchRowCount = _random.Next(1, 40),
            StretchBytes = _random.Next(1, 4000),
            FileShareBytes = _random.Next(1, 2000),
            FilesAhead = _random.Next(4),
            SmallRowGroupBytes = _random.Next(4) == 0 ? 64 << 10 : 0,
        };

    public IReadOnlyList<Row> RowsOf(string file) => _files[file];

    public List<Row> Expected() => TableModel.Read(State, RowsOf, Schema, Order);

    public FieldValue RandomKey(FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => _random.Next(-3, 9),
        FieldTypeKind.Long => _random.Next(8) == 0 ? long.MaxValue - _random.Next(2) : _random.Next(-3, 9) * 3_000_000_000L,
        FieldTypeKind.String => string.Concat(Enumerable.Range(0, _random.Next(4)).Select(_ => new[] { "a", "b", "\0", "\u0001", "é", "\uFF5E", "😀" }[_random.Next(7)])),
        _ => Enumerable.Range(0, _random.Next(4)).Select(_ => new byte[] { 0, 1, 2, 0x7F, 0x80, 0xFF }[_random.Next(6)]).ToArray(),
    };

    private Schema MakeSchema()
    {
        FieldType[] primitives = [FieldType.Int, FieldType.Long, FieldType.String, FieldType.ByteArray];
        FieldType Primitive() => primitives[_random.Next(4)];
        FieldType Any() => _random.Next(3) switch { 0 => Primitive(), 1 => FieldType.List(Primitive()), _ => FieldType.Map(Primitive(), Primitive()) };
        return new Schema(
            Enumerable.Range(0, _random.Next(1, 4)).Select(i => new Field($"r{i}", Primitive())),
            Enumerable.Range(0, _random.Next(3)).Select(i => new Field($"s{i}", Primitive())),
            Enumerable.Range(0, _random.Next(4)).Select(i => new Field($"v{i}", Any(), _random.Next(2) == 0)));
    }

    private PartitionTree MakeTree()
    {
        var partitions = new List<Partition> { new("root", null, [], Region.Everything(Schema), -1) };
        for (int i = _random.Next(10); i > 0; i--)
        {
            var leaf = partitions[_random.Next(partitions.Count)];
            int dimension = _random.Next(Schema.RowKeyFields.Count);
            var range = leaf.Region.Ranges[dimension];
            var point = RandomKey(Schema.RowKeyFields[dimension].Type);
            if (leaf.IsLeaf && range.Contains(point, Order) && point != range.Min)
            {
                string[] ids = [$"p{partitions.Count}", $"p{partitions.Count + 1}"];
                partitions.Remove(leaf);
                partitions.Add(leaf with { ChildIds = ids, Dimension = dimension });
                partitions.Add(new Partition(ids[0], leaf.Id, [], leaf.Region.With(dimension, range.Min, point), -1));
                partitions.Add(new Partition(ids[1], leaf.Id, [], leaf.Region.With(dimension, point, range.Max), -1));
            }
        }

        return new PartitionTree(partitions);
    }

    /// <summary>Rows of one partition, and references that cover it: on the partition itself or on partitions below it that tile it.</summary>
    private void AddFile(string name, List<FileReference> references)
    {
        var home = Partitions.All.OrderBy(p => p.Id, StringComparer.Ordinal).ElementAt(_random.Next(Partitions.All.Count));
        var rows = Enumerable.Range(0, _random.Next(60)).Select(_ => MakeRow()).Where(row => home.Region.Contains(TableModel.RowKey(row, Schema), Order))
            .OrderBy(row => row, Comparer<Row>.Create((l, r) => TableModel.CompareKeys(l, r, Schema, Order))).ToList();
        _files.Add(name, rows);
        Store.PutAsync(name, SmallDataFile.Write(Schema, rows, _random.Next(1, 30), _random.Next(1, 20), filters: _random.Next(2) == 0)).GetAwaiter().GetResult();
        var holders = Tile(home).ToList();
        references.AddRange(holders.Select(p => new FileReference(
            name, p.Id, rows.Count(row => p.Region.Contains(TableModel.RowKey(row, Schema), Order)), false, holders.Count == 1)));
    }

    private IEnumerable<Partition> Tile(Partition partition) =>
        partition.IsLeaf || _random.Next(2) == 0 ? [partition] : partition.ChildIds.SelectMany(id => Tile(Partitions[id]));

    private Row MakeRow() => new(Schema, [.. Schema.AllFields.Select(Value)]);

    private FieldValue Value(Field field)
    {
        if (field.IsNullable && _random.Next(4) == 0)
        {
            return FieldValue.Null;
        }

        return field.Type.Kind switch
        {
            FieldTypeKind.List => FieldValue.FromList(Enumerable.Range(0, _random.Next(4)).Select(_ => RandomKey(field.Type.ElementType!))),
            FieldTypeKind.Map => FieldValue.FromMap(Enumerable.Range(0, _random.Next(4)).Select(_ => KeyValuePair.Create(RandomKey(field.Type.KeyType!), RandomKey(field.Type.ValueType!)))),
            _ => RandomKey(field.Type),
        };
    }
}
