using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Rows of the caller's own types, every kind of field, and the order in which all ways of writing mix.</summary>
public class TypedRowTests
{
    private static readonly Schema Kinds = Schema.Create()
        .RowKey("text", FieldType.String).RowKey("int", FieldType.Int).RowKey("long", FieldType.Long).SortKey("bytes", FieldType.ByteArray)
        .Value("int value", FieldType.Int).Value("int or null", FieldType.Int, nullable: true).Value("long value", FieldType.Long)
        .Value("long or null", FieldType.Long, nullable: true).Value("text value", FieldType.String).Value("text or null", FieldType.String, nullable: true)
        .Value("bytes value", FieldType.ByteArray).Value("bytes or null", FieldType.ByteArray, nullable: true)
        .Value("list", FieldType.List(FieldType.Long)).Value("map or null", FieldType.Map(FieldType.Int, FieldType.String), nullable: true)
        .Value("never given", FieldType.Int, nullable: true).Build();

    private sealed record Reading(string Text, int Number, long Big, byte[] Bytes, int? MaybeInt, long? MaybeLong, string? MaybeText, ReadOnlyMemory<byte>? MaybeBytes, long[] List, Dictionary<int, string>? Map);

    [Fact]
    public async Task Every_kind_of_field_arrives_as_it_was_given()
    {
        using var bed = await new IngestBed().WithTableAsync(Kinds);
        var mapping = RowMapping.For<Reading>(Kinds)
            .String("text", r => r.Text).Int("int", r => r.Number).Long("long", r => r.Big).Bytes("bytes", r => (ReadOnlyMemory<byte>)r.Bytes)
            .Int("int value", r => r.Number).Int("int or null", r => r.MaybeInt).Long("long value", r => r.Big).Long("long or null", r => r.MaybeLong)
            .String("text value", r => r.Text).String("text or null", r => r.MaybeText)
            .Bytes("bytes value", r => (ReadOnlyMemory<byte>)r.Bytes).Bytes("bytes or null", r => r.MaybeBytes)
            .Value("list", r => FieldValue.FromList(r.List))
            .Value("map or null", r => r.Map is null ? FieldValue.Null : FieldValue.FromMap(r.Map, k => k, v => v)).Build();
        var random = new Random(11);
        var readings = Enumerable.Range(0, 3000).Select(i => new Reading(
            $"t{random.Next(40)}é", random.Next(), random.NextInt64(), [(byte)random.Next(3), 0, 1],
            i % 3 == 0 ? null : i, i % 4 == 0 ? null : -i, i % 5 == 0 ? null : new string('x', i % 300), i % 6 == 0 ? null : new byte[] { (byte)i },
            [.. Enumerable.Range(0, i % 4).Select(n => (long)n)], i % 7 == 0 ? null : new Dictionary<int, string> { [i] = "v", [-i - 1] = "" })).ToList();

        await using var writer = await bed.Factory(Kinds).OpenAsync();
        await writer.WriteAsync(readings.Take(1500), mapping);
        await writer.WriteAsync(IngestModelTests.ToAsync(readings.Skip(1500)), mapping);
        await writer.CompleteAsync();

        await bed.AssertHoldsAsync(readings.Select(r => new Row(
            Kinds, r.Text, r.Number, r.Big, r.Bytes, r.Number, Nullable(r.MaybeInt), r.Big, r.MaybeLong is { } l ? l : FieldValue.Null, r.Text, r.MaybeText,
            r.Bytes, r.MaybeBytes is { } b ? b : FieldValue.Null, FieldValue.FromList(r.List), r.Map is null ? FieldValue.Null : FieldValue.FromMap(r.Map, k => k, v => v), FieldValue.Null)));

        static FieldValue Nullable(int? value) => value is { } v ? v : FieldValue.Null;
    }

    [Fact]
    public async Task Equal_keys_keep_the_order_of_arrival_over_all_ways_of_writing()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Int).Value("n", FieldType.Int).Build();
        using var bed = await new IngestBed().WithTableAsync(schema, 2, 4);
        using var folder = new TemporaryFolder();
        var mapping = RowMapping.For<int>(schema).Int("key", n => n % 6).Int("n", n => n).Build();
        var random = new Random(5);
        await using var writer = await bed.Factory(schema).WithDegreeOfParallelism(4).OpenAsync();
        int next = 0;
        for (int call = 0; call < 60; call++)
        {
            int count = random.Next(1, 400);
            var numbers = Enumerable.Range(next, count).ToList();
            next += count;
            var rows = numbers.Select(n => new Row(schema, n % 6, n)).ToList();
            switch (call % 5)
            {
                case 0:
                    await writer.WriteAsync(rows);
                    break;
                case 1:
                    await writer.WriteAsync(IngestModelTests.ToAsync(rows));
                    break;
                case 2:
                    await writer.WriteAsync(numbers, mapping);
                    break;
                case 3:
                    string path = Path.Combine(folder.Path, $"{call}.parquet");
                    await File.WriteAllBytesAsync(path, SmallDataFile.Write(schema, rows, rowGroupRowCount: 100));
                    await writer.WriteParquetAsync(path);
                    break;
                default:
                    foreach (var row in rows)
                    {
                        await writer.WriteAsync(row);
                    }

                    break;
            }
        }

        await writer.CompleteAsync();
        Assert.Equal(Enumerable.Range(0, next).GroupBy(n => n % 6).OrderBy(g => g.Key).SelectMany(g => g), (await bed.ReadAsync()).Select(r => r.GetInt(1)));
    }

    [Fact]
    public void A_mapping_that_does_not_fit_the_schema_is_refused_with_the_field_and_why()
    {
        AssertFault("no field 'nothing'", b => b.Int("nothing", r => 1));
        AssertFault("mapping gives Int", b => b.Int("text", r => 1));
        AssertFault("mapped twice", b => b.Int("int", r => 1).Int("int", r => 2));
        AssertFault("int, long, bytes", b => b.String("text", r => "").Build());

        static void AssertFault(string words, Action<RowMappingBuilder<int>> build) =>
            Assert.Contains(words, Assert.Throws<ArgumentException>(() => build(RowMapping.For<int>(Kinds))).Message, StringComparison.Ordinal);
    }
}
