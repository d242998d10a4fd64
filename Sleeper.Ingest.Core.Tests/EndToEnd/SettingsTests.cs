using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Settings that cannot work are refused before anything is touched, all of them in one message.</summary>
public class SettingsTests
{
    private static readonly (Func<IngestFactory, IngestFactory> Change, string Words)[] Faults =
    [
        (f => f.WithTable(""), "table name"), (f => f.WithTable("a/b"), "'a/b'"), (f => f.WithTable(".."), "'..'"), (f => f.WithTable(new string('x', 129)), "1 to 128"),
        (f => f.WithMemoryBudget(1000), "1,000"), (f => f.WithDiskBudget(-1), "negative"),
        (f => f.WithDegreeOfParallelism(0), "parallelism 0"), (f => f.WithDegreeOfParallelism(1025), "1,024"),
        (f => f.WithMemoryBudget(16 << 20).WithDegreeOfParallelism(100), "100 workers"),
        (f => f.WithRowGroups(0, 1 << 20), "row group of 0 rows"), (f => f.WithRowGroups(10, 10), "row group of 10 bytes"),
        (f => f.WithPages(0, 4096), "page of 0 rows"), (f => f.WithPages(10, 10), "page of 10 bytes"),
        (f => f.WithMaxKeyFieldBytes(0), "key fields"), (f => f.WithSplitPoints("a").WithPreSplit(3), "choose one"),
        (f => f.WithPreSplit(0), "pre-splitting into 0"), (f => f.WithPreSplit(100_001), "100001"),
        (f => f.WithIngestId(""), "1 to 1,024 bytes"), (f => f.WithIngestId(new string('é', 513)), "1 to 1,024 bytes"),
        (f => f.WithIngestId("a\uD800"), "surrogate"), (f => f.WithIngestId(new string('x', 1001)).CommitEvery(1, TimeSpan.FromDays(1)), "above 1,000 bytes"),
        (f => f.CommitEvery(0, TimeSpan.FromDays(1)), "every 0 rows"), (f => f.CommitEvery(1, TimeSpan.Zero), "00:00:00"),
        (f => f.WithCompression(DataFileCodec.Snappy, 1), "no levels"), (f => f.WithCompression(DataFileCodec.Zstd, 23), "zstd"),
        (f => f.WithCompression(DataFileCodec.Gzip, 10), "gzip"), (f => f.WithCompression(DataFileCodec.Brotli, 12), "brotli"),
        (f => f.WithCompression((DataFileCodec)99), "codec 99"), (f => f.WithFileStrategy((FileWritingStrategy)7), "file strategy 7"),
        (f => f.WithSpillFolder(" "), "spill folder is blank"), (f => f.UseClock(null!), "clock"), (f => f.UseLoggerFactory(null!), "logger"),
        (f => f.WithRowKeyBloomFilters(new() { ExpectedDistinctValues = 0 }), "0 different values"),
        (f => f.WithRowKeyBloomFilters(new() { FalsePositiveProbability = 0 }), "probability of 0 "),
        (f => f.WithRowKeyBloomFilters(new() { FalsePositiveProbability = 1 }), "probability of 1 "),
        (f => f.WithRowKeyBloomFilters(new() { FalsePositiveProbability = double.NaN }), "probability of NaN"),
        (f => f.WithRowKeyBloomFilters(new() { MaxBytes = 31 }), "limit of 31 bytes"),
        (f => f.WithRowKeyBloomFilters(new() { MaxBytes = (128 << 20) + 1 }), "limit of 134,217,729 bytes"),
        (f => f.WithPageVersion(3), "page version 3"), (f => f.WithBounds(0, 5), "row groups cut to 0"), (f => f.WithBounds(5, 0), "pages cut to 0"),
        (f => f.WithFieldOptions("nope", new()), "a field 'nope', but the fields are 'key', 'time', 'count'"),
        (f => f.WithFieldOptions("key", new() { Encoding = DataFileEncoding.DeltaBinaryPacked }), "field 'key' cannot have the encoding DeltaBinaryPacked: for String"),
        (f => f.WithFieldOptions("note", new() { Encoding = DataFileEncoding.ByteStreamSplit }), "field 'note' cannot have the encoding ByteStreamSplit"),
        (f => f.WithFieldOptions("raw", new() { Encoding = DataFileEncoding.DeltaBinaryPacked }), "field 'raw'"),
        (f => f.WithFieldOptions("count", new() { Encoding = DataFileEncoding.DeltaByteArray }), "field 'count' cannot have the encoding DeltaByteArray: for Int"),
        (f => f.WithFieldOptions("time", new() { Encoding = DataFileEncoding.DeltaLengthByteArray }), "there are Auto, Plain, DeltaBinaryPacked, ByteStreamSplit"),
        (f => f.WithFieldOptions("time", new() { Encoding = (DataFileEncoding)77 }), "encoding 77"),
        (f => f.WithFieldOptions("time", new() { MapValueEncoding = DataFileEncoding.Plain }), "has no map values"),
        (f => f.WithFieldOptions("tags", new() { Encoding = DataFileEncoding.ByteStreamSplit }), "field 'tags'"),
        (f => f.WithFieldOptions("marks", new() { Encoding = DataFileEncoding.ByteStreamSplit }), "the keys of field 'marks'"),
        (f => f.WithFieldOptions("marks", new() { MapValueEncoding = DataFileEncoding.DeltaByteArray }), "the values of field 'marks'"),
        (f => f.WithSplitPoints("b", "a"), "ascending"), (f => f.WithSplitPoints("a", "a"), "repeats"), (f => f.WithSplitPoints(5), "row key is"),
        (f => f.WithSplitPoints("\uD800"), "surrogate"), (f => f.WithSplitPoints(FieldValue.Null), "kind Null"),
    ];

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Faults.Length)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Each_rule_refuses_before_anything_is_touched(int number)
    {
        using var bed = new IngestBed();
        var factory = Faults[number].Change(bed.Factory());

        var error = await Assert.ThrowsAsync<ArgumentException>(() => factory.OpenAsync());

        Assert.Contains(Faults[number].Words, error.Message, StringComparison.Ordinal);
        Assert.Empty(bed.Store.Calls);
        Assert.Empty(await bed.ListingAsync());
    }

    [Fact]
    public void Several_faults_are_all_listed()
    {
        var error = Assert.Throws<ArgumentException>(() => IngestFactory.Create().WithTable("a b").WithMemoryBudget(1).WithDiskBudget(-5).WithPages(0, 0).WithIngestId("").Build());

        foreach (string words in (string[])["WithFolder", "'a b'", "memory budget of 1", "-5", "page of 0 bytes", "page of 0 rows", "ingest id"])
        {
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_folder_and_a_store_at_once_are_refused_and_no_folder_is_made()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"sleeper-none-{Guid.NewGuid():N}");
        var error = Assert.Throws<ArgumentException>(() => IngestFactory.Create().WithFolder(folder).UseObjectStore(new InMemoryObjectStore()).Build());

        Assert.Contains("choose one", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
        Assert.Throws<ArgumentException>(() => IngestFactory.Create().WithFolder(" "));
    }
}
