using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.ObjectStores.S3.S3TestBed;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>What parts of uploads take of memory is inside the memory budget of their ingest: measured at the pool that it comes from.</summary>
public sealed class S3UploadMemoryTests
{
    private const int Mebi = 1 << 20;

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).Value("noise", FieldType.ByteArray).Build();

    private readonly CountedArrays _arrays = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 17, 4)] // less than a part: what is needed to work at all
    [InlineData(3, 11, 64)]
    [InlineData(2, 17, 48)]
    [InlineData(2, 3, 4)] // shorter than a part
    public async Task Writers_hold_what_the_store_says_and_no_more(int writers, int objectMebi, int shareMebi)
    {
        var bed = new S3TestBed(Quick with { PartSizeBytes = 8 * Mebi, PartPool = _arrays });
        var (store, heldBytes) = ((IBufferedUploads)bed.Store).WithMemory(writers, objectMebi * Mebi, shareMebi * Mebi);
        var held = bed.Http.Hold("UploadPart", times: int.MaxValue);
        byte[] content = Noise(objectMebi * Mebi);

        var all = Enumerable.Range(0, writers).Select(w => Task.Run(() => WriteAsync(store, $"a{w}", content), Token)).ToList();
        if (objectMebi > 8)
        {
            await held.Struck;
            await WaitUntilFullAsync();
        }

        held.Release();
        await Task.WhenAll(all);

        Assert.InRange(_arrays.PeakBytes, (objectMebi > 8 ? writers * 5 : objectMebi) * Mebi, heldBytes);
        Assert.InRange(heldBytes, 0, Math.Max(shareMebi * Mebi, writers * 6L * Mebi));
        Assert.Equal(0, _arrays.HeldBytes);
        await bed.AssertContentAsync("a0", content);
    }

    /// <summary>Rows that do not compress, in files of several parts, with budgets from the smallest up.</summary>
    [Theory]
    [InlineData(16, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(40, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(40, FileWritingStrategy.OneReferencePerLeaf)]
    public async Task An_ingest_counts_its_parts_in_its_budget(int budgetMebi, FileWritingStrategy strategy)
    {
        var bed = new S3TestBed(Quick with { PartPool = _arrays });
        using var spill = new TemporaryFolder();
        var writer = (IngestWriter)await IngestFactory.Create().UseObjectStore(bed.Store).WithSchema(Schema).WithSplitPoints(100L).WithFileStrategy(strategy).WithSpillFolder(spill.Path)
            .WithMemoryBudget(budgetMebi * Mebi).WithDegreeOfParallelism(2).WithRowGroups(100, Mebi).OpenAsync(Token);
        await using (writer)
        {
            long uncounted = 0;
            _arrays.Rented = held => uncounted = Math.Max(uncounted, held - writer.Budget.UsedBytes);
            await writer.WriteAsync(Enumerable.Range(0, 200).Select(i => new Row(Schema, (long)i, Noise((96 << 10) + i))), Token);
            await writer.CompleteAsync(Token);

            Assert.Equal(0, uncounted);
            Assert.InRange(_arrays.PeakBytes, 5 * Mebi, Math.Max(budgetMebi / 2, 2 * 6) * Mebi);
            Assert.InRange(writer.Budget.PeakBytes, _arrays.PeakBytes, budgetMebi * Mebi);
        }

        Assert.InRange(bed.Count("UploadPart"), 2, 10);
        Assert.Equal((0, 0), (_arrays.HeldBytes, writer.Budget.UsedBytes));
        Assert.Equal(200, await (await Table.OpenAsync(bed.Store, "default", Token)).ReadAsync(Token).CountAsync(Token));
    }

    [Fact]
    public void Parts_of_a_very_long_object_grow_and_are_counted_so()
    {
        Assert.Equal(5 * Mebi, PartSizes.LargestOf(5 * Mebi, 5_000L * Mebi));
        Assert.Equal(10 * Mebi, PartSizes.LargestOf(5 * Mebi, (5_000L * Mebi) + 1));
        Assert.Equal(20 * Mebi, PartSizes.LargestOf(5 * Mebi, (15_000L * Mebi) + 1));
        Assert.Equal(PartSizes.Of(5 * Mebi, 2_001), PartSizes.LargestOf(5 * Mebi, (15_000L * Mebi) + 1));
    }

    private static async Task WriteAsync(IObjectStore store, string path, byte[] content)
    {
        await using var writer = await store.CreateAsync(path, Token);
        await writer.AppendAsync(content, Token);
        await writer.CompleteAsync(Token);
    }

    /// <summary>Nothing arrives, so sooner or later nobody takes more.</summary>
    private async Task WaitUntilFullAsync()
    {
        for (long before = -1; before != _arrays.PeakBytes;)
        {
            before = _arrays.PeakBytes;
            await Task.Delay(50, Token);
        }
    }
}
