using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.DataFiles;

public class RowColumnMapperTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    internal void Encoded_rows_become_the_columns_that_they_were_made_of(int orderNumber)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new RandomRows(seed);
            var schema = random.Schema();
            var rows = random.Rows(schema, random.Random.Next(1, 200));
            using var encoded = new EncodedRows(schema, rows, (KeyOrder)orderNumber);
            using var mapper = new RowColumnMapper(schema, (KeyOrder)orderNumber, skipBytes: 0);
            encoded.Map(mapper);
            var back = ColumnModel.ToRows(schema, mapper.Vectors, rows.Count);
            for (int i = 0; i < rows.Count; i++)
            {
                Assert.True(rows[i].Equals(back[i]), $"seed {seed}, row {i}: expected {rows[i]}, was {back[i]}");
            }
        }
    }

    [Fact]
    internal void Levels_of_lists_are_those_of_the_format()
    {
        var schema = Schema.Create().RowKey("k", FieldType.Int)
            .Value("required", FieldType.List(FieldType.Int)).Value("optional", FieldType.List(FieldType.Int), nullable: true).Build();
        FieldValue[] lists = [FieldValue.FromList(Array.Empty<int>()), FieldValue.FromList([1]), FieldValue.FromList([1, 2, 3])];
        Row[] rows = [.. lists.Select((l, i) => new Row(schema, i, l, l)), new Row(schema, 9, lists[0], FieldValue.Null)];
        using var encoded = new EncodedRows(schema, rows, KeyOrder.Bytes);
        using var mapper = new RowColumnMapper(schema, KeyOrder.Bytes, skipBytes: 0);
        encoded.Map(mapper);
        AssertLevels(mapper.Vectors[1], definition: [0, 1, 1, 1, 1, 0], repetition: [0, 0, 0, 1, 1, 0]);
        AssertLevels(mapper.Vectors[2], definition: [1, 2, 2, 2, 2, 0], repetition: [0, 0, 0, 1, 1, 0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal void Lists_maps_and_long_values_of_every_kind_come_through(bool nullable)
    {
        // The loops move 16 levels and 16 or 32 bytes at a time, read lengths of one and two bytes apart from longer ones, and leave more than 288 bytes to the runtime.
        int[] itemCounts = [0, 1, 2, 15, 16, 17, 31, 32, 33, 48, 130];
        int[] lengths = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 160, 161, 287, 288, 289, 16_383, 16_384];
        FieldType[] kinds = [FieldType.Int, FieldType.Long, FieldType.String, FieldType.ByteArray];
        var random = new RandomRows(7);
        foreach (var kind in kinds)
        {
            Field[] fields = [new("v", kind, nullable), new("list", FieldType.List(kind), nullable), .. kinds.Select((v, i) => new Field($"map{i}", FieldType.Map(kind, v), nullable)), new("end", kind, nullable)];
            var schema = new Schema([new Field("k", FieldType.Int)], [], fields);
            Row[] rows = [.. Enumerable.Range(0, 70).Select(i => new Row(schema, [i, .. fields.Select(Value)]))];
            using var encoded = new EncodedRows(schema, rows, KeyOrder.Bytes);
            using var mapper = new RowColumnMapper(schema, KeyOrder.Bytes, skipBytes: 0);
            for (int round = 0; round < 2; round++)
            {
                // Again over what the first round left behind.
                encoded.Map(mapper);
                Assert.Equal(rows, ColumnModel.ToRows(schema, mapper.Vectors, rows.Length));
                AssertPlainLevels(mapper.Vectors[2], rows.Select(r => r[2]), nullable);
            }
        }

        FieldValue Value(Field field) => field.IsNullable && random.Random.Next(4) == 0 ? FieldValue.Null : field.Type.Kind switch
        {
            FieldTypeKind.List => FieldValue.FromList(Enumerable.Range(0, Items()).Select(_ => random.Value(field.Type.ElementType!))),
            FieldTypeKind.Map => FieldValue.FromMap(
                Enumerable.Range(0, Items() / 3).Select(_ => KeyValuePair.Create(random.Value(field.Type.KeyType!), random.Value(field.Type.ValueType!))).DistinctBy(e => e.Key)),
            FieldTypeKind.ByteArray => FieldValue.FromBytes(Enumerable.Range(0, lengths[random.Random.Next(lengths.Length)]).Select(i => (byte)(i * 7)).ToArray()),
            FieldTypeKind.String => new string('x', lengths[random.Random.Next(lengths.Length)]),
            _ => random.Value(field.Type),
        };

        int Items() => itemCounts[random.Random.Next(itemCounts.Length)];
    }

    private static void AssertPlainLevels(ColumnVector vector, IEnumerable<FieldValue> lists, bool nullable)
    {
        byte present = nullable ? (byte)1 : (byte)0;
        var definition = new List<byte>();
        var repetition = new List<byte>();
        foreach (var list in lists)
        {
            int items = list.IsNull ? 0 : list.AsList().Count;
            definition.AddRange(items > 0 ? Enumerable.Repeat((byte)(present + 1), items) : [list.IsNull ? (byte)0 : present]);
            repetition.AddRange(Enumerable.Range(0, Math.Max(1, items)).Select(i => (byte)Math.Min(1, i)));
        }

        AssertLevels(vector, [.. definition], [.. repetition]);
    }

    private static void AssertLevels(ColumnVector vector, byte[] definition, byte[] repetition)
    {
        Assert.Equal(definition, vector.DefinitionLevels.AsSpan(0, vector.LevelCount).ToArray());
        Assert.Equal(repetition, vector.RepetitionLevels.AsSpan(0, vector.LevelCount).ToArray());
    }

    /// <summary>Rows in memory as a slab holds them, with entries in the order given.</summary>
    private sealed unsafe class EncodedRows : IDisposable
    {
        private readonly NativeBuffer _bytes = new(4 << 20);
        private readonly NativeBuffer _entries;
        private readonly int _count;

        public EncodedRows(Schema schema, IReadOnlyList<Row> rows, KeyOrder order)
        {
            var budget = new MemoryBudget(64 << 20);
            using var batch = new RowBatch(budget, 1 << 20, 64);
            var encoder = new RowEncoder(schema, order, new RowLimits());
            _entries = new NativeBuffer(rows.Count * sizeof(RowEntry));
            _count = rows.Count;
            byte* destination = _bytes.Pointer;
            foreach (var row in rows)
            {
                batch.Clear();
                Assert.Null(encoder.Encode(row, batch));
                batch.EndRow(0);
                var span = batch.Rows[0];
                ((RowEntry*)_entries.Pointer)[Next++].Row = destination;
                destination += RowFormat.WriteHeader(destination, span.KeyLength, span.ValueLength);
                new ReadOnlySpan<byte>(batch.Start, span.KeyLength + span.ValueLength).CopyTo(new Span<byte>(destination, 1 << 20));
                destination += span.KeyLength + span.ValueLength;
            }
        }

        private int Next { get; set; }

        public void Map(RowColumnMapper mapper) => mapper.Map((RowEntry*)_entries.Pointer, _count);

        public void Dispose()
        {
            _bytes.Dispose();
            _entries.Dispose();
        }
    }
}
