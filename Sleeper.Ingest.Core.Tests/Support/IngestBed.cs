using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A store that can be broken, a spill folder, and a table in it: where tests of the public behaviour of ingests stand.</summary>
internal sealed class IngestBed : IDisposable
{
    /// <summary>A field of every kind, nullable and not.</summary>
    public static readonly Schema Sample = Schema.Create()
        .RowKey("key", FieldType.String).SortKey("time", FieldType.Long)
        .Value("count", FieldType.Int).Value("note", FieldType.String, nullable: true).Value("raw", FieldType.ByteArray, nullable: true)
        .Value("tags", FieldType.List(FieldType.String)).Value("marks", FieldType.Map(FieldType.String, FieldType.Int)).Build();

    public IngestBed() => Store = new FaultyObjectStore(Memory);

    public InMemoryObjectStore Memory { get; } = new();

    public FaultyObjectStore Store { get; }

    public TemporaryFolder Spill { get; } = new();

    /// <summary>A good row of <see cref="Sample"/>.</summary>
    public static Row Good(int number) => new(
        Sample, $"key-{number % 17:00}", (long)number, number, number % 3 == 0 ? FieldValue.Null : $"note {number}", FieldValue.Null,
        FieldValue.FromList([$"tag-{number}"]), FieldValue.FromMap([KeyValuePair.Create("mark", number)]));

    /// <summary>A good row with one field changed.</summary>
    public static Row With(string field, FieldValue value, int number = 7)
    {
        FieldValue[] values = Good(number).Values.ToArray();
        values[Sample.IndexOf(field)] = value;
        return new Row(Sample, values);
    }

    public static List<Row> GoodRows(int count, int first = 0) => [.. Enumerable.Range(first, count).Select(Good)];

    public IngestFactory Factory(Schema? schema = null) =>
        IngestFactory.Create().UseObjectStore(Store).WithSchema(schema ?? Sample).WithSpillFolder(Spill.Path)
            .WithMemoryBudget(32 << 20).WithDegreeOfParallelism(2);

    /// <summary>Makes the table <c>default</c>.</summary>
    public async Task<IngestBed> WithTableAsync(Schema? schema = null, params FieldValue[] splitPoints)
    {
        await Table.CreateAsync(Memory, "default", schema ?? Sample, splitPoints.Length == 0 ? null : splitPoints, default);
        return this;
    }

    /// <summary>All objects with their lengths, and all spill files.</summary>
    public async Task<List<string>> ListingAsync()
    {
        var listing = await Memory.ListAsync("", null, default).Select(o => $"{o.Path} {o.LengthBytes}").ToListAsync();
        listing.AddRange(Directory.EnumerateFileSystemEntries(Spill.Path, "*", SearchOption.AllDirectories));
        return listing;
    }

    /// <summary>Paths of all objects under a folder of the table.</summary>
    public async Task<List<string>> ObjectsAsync(string folder) => await Memory.ListAsync($"default/{folder}", null, default).Select(o => o.Path).ToListAsync();

    public async Task<List<Row>> ReadAsync() => await (await Table.OpenAsync(Memory, "default", default)).ReadAsync(default).ToListAsync();

    /// <summary>What the table must hold: the rows in key order, equal keys in the order given.</summary>
    public async Task AssertHoldsAsync(IEnumerable<Row> rows) => Assert.Equal(RowOrder.Sort(rows), await ReadAsync());

    /// <summary>Runs an ingest that must fail, and checks that it left nothing: no object, no spill file, and a writer that says why.</summary>
    public async Task<TException> AssertFailsAsync<TException>(
        Func<IIngestWriter, Task> act, Func<IngestFactory, IngestFactory>? configure = null, Schema? schema = null)
        where TException : Exception
    {
        var before = await ListingAsync();
        var factory = Factory(schema);
        await using var writer = await (configure is null ? factory : configure(factory)).OpenAsync();
        var error = await Assert.ThrowsAnyAsync<TException>(() => act(writer));
        var later = await Assert.ThrowsAsync<IngestPoisonedException>(() => writer.CompleteAsync());
        Assert.Same(error, later.InnerException);
        await Assert.ThrowsAsync<IngestPoisonedException>(async () => await writer.WriteAsync(Good(1)));
        await writer.DisposeAsync();
        Assert.Equal(before, await ListingAsync());
        Assert.Equal(0, (writer as Core.Pipeline.IngestWriter)?.Budget.UsedBytes ?? 0);
        return error;
    }

    public void Dispose() => Spill.Dispose();
}
