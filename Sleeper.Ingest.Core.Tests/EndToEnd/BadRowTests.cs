using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Rows that cannot be written: which row, which field, why, what to do; never the value; and nothing is left.</summary>
public class BadRowTests
{
    private const string Secret = "s3cr3t";

    /// <summary>Rows by name, with the field at fault and words that the message must have.</summary>
    public static TheoryData<string, string, string> Faults => new()
    {
        { "null key", "key", "a key is never null" },
        { "null sort key", "time", "a key is never null" },
        { "null value", "count", "declare the field nullable" },
        { "wrong key type", "key", "is of type Int" },
        { "wrong sort key type", "time", "is of type String" },
        { "wrong type", "count", "is of type String" },
        { "long for int", "count", "is of type Long" },
        { "bytes for text", "note", "is of type ByteArray" },
        { "single for list", "tags", "is of type String" },
        { "null element", "tags", "element 1 of the list" },
        { "wrong element", "tags", "element 1 of the list" },
        { "null map key", "marks", "entry 1 of the map" },
        { "null map value", "marks", "entry 1 of the map" },
        { "wrong map key", "marks", "entry 1 of the map" },
        { "wrong map value", "marks", "entry 1 of the map" },
        { "repeated map key", "marks", "give each key once" },
        { "ill-formed key", "key", "unpaired surrogate" },
        { "ill-formed value", "note", "unpaired surrogate" },
        { "ill-formed long value", "note", "unpaired surrogate" },
        { "ill-formed element", "tags", "unpaired surrogate" },
        { "long key", "key", "70,000" },
        { "long key of wide characters", "key", "80,000" },
        { "unknown field", "surplus", "the table's fields are" },
        { "missing field", "count", "does not have this field" },
    };

    private static Row BadRow(string name) => name switch
    {
        "null key" => IngestBed.With("key", FieldValue.Null),
        "null sort key" => IngestBed.With("time", FieldValue.Null),
        "null value" => IngestBed.With("count", FieldValue.Null),
        "wrong key type" => IngestBed.With("key", 99887766),
        "wrong sort key type" => IngestBed.With("time", Secret),
        "wrong type" => IngestBed.With("count", Secret),
        "long for int" => IngestBed.With("count", 99887766L),
        "bytes for text" => IngestBed.With("note", new byte[] { 1 }),
        "single for list" => IngestBed.With("tags", Secret),
        "null element" => IngestBed.With("tags", FieldValue.FromList([FieldValue.FromString(Secret), FieldValue.Null])),
        "wrong element" => IngestBed.With("tags", FieldValue.FromList([FieldValue.FromString(Secret), 5])),
        "null map key" => IngestBed.With("marks", Map((Secret, 1), (FieldValue.Null, 2))),
        "null map value" => IngestBed.With("marks", Map((Secret, 1), ("b", FieldValue.Null))),
        "wrong map key" => IngestBed.With("marks", Map((Secret, 1), (3, 4))),
        "wrong map value" => IngestBed.With("marks", Map((Secret, 1), ("b", "c"))),
        "repeated map key" => IngestBed.With("marks", Map((Secret, 1), ("b", 2), (Secret, 3))),
        "ill-formed key" => IngestBed.With("key", Secret + "\uD800"),
        "ill-formed value" => IngestBed.With("note", Secret + "\uDC00x"),
        "ill-formed long value" => IngestBed.With("note", Secret + new string('x', 5000) + "\uD800"),
        "ill-formed element" => IngestBed.With("tags", FieldValue.FromList([Secret, "\uD800"])),
        "long key" => IngestBed.With("key", Secret + new string('k', 70_000 - Secret.Length)),
        "long key of wide characters" => IngestBed.With("key", new string('é', 40_000)),
        "unknown field" => Row.FromNames(OtherSchema("surplus"), ("key", "k"), ("time", 1L), ("count", 1), ("surplus", Secret), ("tags", NoTags), ("marks", Map())),
        _ => Row.FromNames(new Schema([new Field("key", FieldType.String)], [new Field("time", FieldType.Long)]), ("key", Secret), ("time", 1L)),
    };

    private static FieldValue NoTags => FieldValue.FromList(Array.Empty<string>());

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_bad_row_fails_the_ingest_with_its_number_field_and_reason_and_leaves_nothing(string name, string field, string words)
    {
        using var bed = await new IngestBed().WithTableAsync();
        List<Row> rows = [.. IngestBed.GoodRows(20), BadRow(name), .. IngestBed.GoodRows(20, first: 20)];

        var error = await bed.AssertFailsAsync<RowRejectedException>(async writer =>
        {
            await writer.WriteAsync(IngestBed.GoodRows(3));
            await writer.WriteAsync(rows);
        });

        Assert.Equal((23, field), (error.Error.RowNumber, error.Error.FieldName));
        AssertMessage(error.Message, "Row 23", field, words);
        if (name is not ("unknown field" or "missing field"))
        {
            Assert.Equal(BadRow(name)[field], error.Error.Value);
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_bad_single_row_fails_the_ingest_in_the_same_way(string name, string field, string words)
    {
        using var bed = await new IngestBed().WithTableAsync();

        var error = await bed.AssertFailsAsync<RowRejectedException>(async writer =>
        {
            await writer.WriteAsync(IngestBed.Good(1));
            await writer.WriteAsync(BadRow(name));
        });

        Assert.Equal((1, field), (error.Error.RowNumber, error.Error.FieldName));
        AssertMessage(error.Message, "Row 1", field, words);
    }

    [Fact]
    public async Task Bad_rows_are_handed_over_in_order_and_the_others_are_ingested()
    {
        using var bed = await new IngestBed().WithTableAsync(splitPoints: ["key-05", "key-11"]);
        string[] names = [.. Faults.Select(f => f.Data.Item1)];
        var rows = new List<Row>();
        var expected = new List<(long Number, string Field)>();
        for (int i = 0; i < 5000; i++)
        {
            bool isBad = i % 97 == 13;
            rows.Add(isBad ? BadRow(names[i / 97 % names.Length]) : IngestBed.Good(i));
            if (isBad)
            {
                expected.Add((i, Faults.ElementAt(i / 97 % names.Length).Data.Item2));
            }
        }

        var errors = new List<RowError>();
        await using var writer = await bed.Factory().WithRowErrors(errors.Add).WithDegreeOfParallelism(4).OpenAsync();
        await writer.WriteAsync(rows.Take(2000));
        foreach (var row in rows.Skip(2000).Take(500))
        {
            await writer.WriteAsync(row);
        }

        await writer.WriteAsync(IngestModelTests.ToAsync(rows.Skip(2500)));
        var result = await writer.CompleteAsync();

        Assert.Equal(expected, errors.Select(e => (e.RowNumber, e.FieldName!)));
        Assert.Equal((rows.Count - expected.Count, expected.Count, rows.Count), (result.RowCount, result.RejectedRowCount, writer.RowCount));
        Assert.All(errors, e => Assert.DoesNotContain(Secret, e.ToString(), StringComparison.Ordinal));
        await bed.AssertHoldsAsync(rows.Where((_, i) => i % 97 != 13));
    }

    [Fact]
    public async Task Bad_typed_rows_are_handed_over_in_order_and_the_others_are_ingested()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("number", FieldType.Long).Build();
        using var bed = await new IngestBed().WithTableAsync(schema);
        var mapping = RowMapping.For<(string? Key, long? Number)>(schema).String("key", r => r.Key).Long("number", r => r.Number).Build();
        (string? Key, long? Number)[] rows = [("a", 1), (null, 2), ("b", null), ("c", 3), ("\uD800", 4), ("d", 5)];
        var errors = new List<RowError>();

        await using var writer = await bed.Factory(schema).WithRowErrors(errors.Add).OpenAsync();
        await writer.WriteAsync(rows, mapping);
        var result = await writer.CompleteAsync();

        Assert.Equal([(1, "key"), (2, "number"), (4, "key")], errors.Select(e => (e.RowNumber, e.FieldName!)));
        Assert.Equal((3, 3), (result.RowCount, result.RejectedRowCount));
        Assert.Equal(["a", "c", "d"], (await bed.ReadAsync()).Select(r => r.GetString(0)));
    }

    [Fact]
    public async Task Only_bad_rows_commit_nothing()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var before = await bed.ListingAsync();
        var errors = new List<RowError>();

        await using var writer = await bed.Factory().WithRowErrors(errors.Add).OpenAsync();
        await writer.WriteAsync([IngestBed.With("count", FieldValue.Null), IngestBed.With("key", FieldValue.Null)]);
        var result = await writer.CompleteAsync();

        Assert.Equal((IngestOutcome.NothingToCommit, 0, 2), (result.Outcome, result.RowCount, result.RejectedRowCount));
        Assert.Equal(2, errors.Count);
        Assert.Equal(before, await bed.ListingAsync());
    }

    [Fact]
    public async Task A_callback_that_throws_fails_the_ingest_with_its_own_error()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var mine = new InvalidDataException("enough");

        var error = await bed.AssertFailsAsync<InvalidDataException>(
            writer => writer.WriteAsync([IngestBed.Good(1), IngestBed.With("count", FieldValue.Null)]), f => f.WithRowErrors(_ => throw mine));

        Assert.Same(mine, error);
    }

    [Fact]
    public async Task A_null_among_the_rows_is_a_bad_row()
    {
        using var bed = await new IngestBed().WithTableAsync();

        var error = await bed.AssertFailsAsync<RowRejectedException>(writer => writer.WriteAsync([IngestBed.Good(1), null!]));

        Assert.Equal((1, null), (error.Error.RowNumber, error.Error.FieldName));
    }

    [Theory]
    [InlineData(5_000_000)]
    [InlineData(40_000_000)]
    public async Task A_row_above_the_limit_is_refused_with_its_length_however_long_it_is(int characters)
    {
        using var bed = await new IngestBed().WithTableAsync();
        string text = new('x', characters);
        Row[] bad =
        [
            IngestBed.With("note", text),
            IngestBed.With("raw", new byte[characters]),
            IngestBed.With("tags", FieldValue.FromList(Enumerable.Repeat(text[..(characters / 50)], 50))),
            IngestBed.With("marks", FieldValue.FromMap([KeyValuePair.Create(text, 1)])),
        ];
        foreach (var row in bad)
        {
            var error = await bed.AssertFailsAsync<RowRejectedException>(writer => writer.WriteAsync([IngestBed.Good(1), row]));
            Assert.Equal(1, error.Error.RowNumber);
            AssertMessage(error.Message, "Row 1", "limit of 4,194,304", "memory budget");

            error = await bed.AssertFailsAsync<RowRejectedException>(async writer => await writer.WriteAsync(row));
            AssertMessage(error.Message, "Row 0", "limit of 4,194,304", "memory budget");
        }
    }

    [Fact]
    public async Task Rows_just_below_the_limit_are_ingested_from_any_number_of_workers()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Int).Value("raw", FieldType.ByteArray).Build();
        using var bed = await new IngestBed().WithTableAsync(schema, [10, 20]);
        byte[] Value(int i) => [.. Enumerable.Repeat((byte)i, (2 << 20) - 100)];
        await using var writer = await bed.Factory(schema).WithMemoryBudget(16 << 20).WithDegreeOfParallelism(3).WithCompression(DataFileCodec.Snappy).OpenAsync();

        await writer.WriteAsync(Enumerable.Range(0, 30).Select(i => new Row(schema, i, Value(i))));
        await writer.WriteAsync(new Row(schema, 30, Value(30)));
        await writer.WriteAsync(new Row(schema, 31, Value(31)));
        var result = await writer.CompleteAsync();

        Assert.Equal(32, result.RowCount);
        int next = 0;
        await foreach (var row in (await Table.OpenAsync(bed.Memory, "default", default)).ReadAsync(default))
        {
            Assert.Equal(next, row.GetInt(0));
            Assert.True(row.GetBytes(1).Span.SequenceEqual(Value(next++)));
        }

        Assert.Equal(32, next);
        Assert.InRange(result.PeakMemoryBytes, 1, 16 << 20);
    }

    [Fact]
    public async Task The_key_limit_can_be_set_and_counts_bytes()
    {
        using var bed = await new IngestBed().WithTableAsync();

        var error = await bed.AssertFailsAsync<RowRejectedException>(
            writer => writer.WriteAsync([IngestBed.With("key", new string('é', 10)), IngestBed.With("key", new string('é', 11))]),
            f => f.WithMaxKeyFieldBytes(20));

        Assert.Equal(1, error.Error.RowNumber);
        AssertMessage(error.Message, "22 bytes", "limit of 20", "raise the limit");
    }

    [Fact]
    public async Task A_row_of_another_schema_is_taken_by_names_when_it_fits()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var other = Schema.Create().RowKey("time", FieldType.Int).Value("tags", FieldType.List(FieldType.String))
            .Value("marks", FieldType.Map(FieldType.String, FieldType.Int)).Value("count", FieldType.Int).Value("key", FieldType.String).Build();
        var good = IngestBed.Good(4);

        await using var writer = await bed.Factory().OpenAsync();
        await writer.WriteAsync([good, new Row(other, 5, NoTags, Map(), 6, "z"), IngestBed.Good(3), new Row(other, 7, NoTags, Map(), 8, "z")]);
        await writer.CompleteAsync();

        await bed.AssertHoldsAsync(
        [
            good, IngestBed.Good(3),
            new Row(IngestBed.Sample, "z", 5L, 6, FieldValue.Null, FieldValue.Null, NoTags, Map()),
            new Row(IngestBed.Sample, "z", 7L, 8, FieldValue.Null, FieldValue.Null, NoTags, Map()),
        ]);
    }

    private static FieldValue Map(params (FieldValue Key, FieldValue Value)[] entries) =>
        FieldValue.FromMap(entries.Select(e => KeyValuePair.Create(e.Key, e.Value)));

    private static Schema OtherSchema(string surplus) => Schema.Create().RowKey("key", FieldType.String).SortKey("time", FieldType.Long)
        .Value("count", FieldType.Int).Value("tags", FieldType.List(FieldType.String)).Value("marks", FieldType.Map(FieldType.String, FieldType.Int))
        .Value(surplus, FieldType.String).Build();

    private static void AssertMessage(string message, params string[] words)
    {
        Assert.All(words, w => Assert.Contains(w, message, StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, message, StringComparison.Ordinal);
        Assert.DoesNotContain("99887766", message, StringComparison.Ordinal);
    }
}
