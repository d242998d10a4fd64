using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

/// <summary>Many writers of one process at one table in a folder.</summary>
public sealed class ManyWritersTests : IDisposable
{
    private const int Writers = 32;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Thirty_two_stores_commit_at_once_and_every_number_has_one_owner()
    {
        const int Commits = 8;
        (await TableFixture.CreateAsync(new LocalObjectStore(_folder.Path))).Dispose();
        var numbers = await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => CommitAsync(w), Token)));
        Assert.Equal(Enumerable.Range(1, Writers * Commits).Select(n => (long)n), numbers.SelectMany(n => n).Order());
        using var table = await TableFixture.OpenAsync(new LocalObjectStore(_folder.Path), 99);
        Assert.Equal(Writers * Commits, (await table.StateStore.LoadStateAsync(Token)).References.Count);
        Assert.Empty(await TableFixture.ObjectsAsync(new LocalObjectStore(_folder.Path), "events/ingests/"));

        async Task<List<long>> CommitAsync(int writer)
        {
            using var own = await TableFixture.OpenAsync(new LocalObjectStore(_folder.Path), writer);
            var mine = new List<long>();
            for (int i = 0; i < Commits; i++)
            {
                mine.Add((await TableFixture.CommitAsync(own.StateStore, $"w{writer}-{i}")).TransactionNumber);
            }

            return mine;
        }
    }

    [Fact]
    public async Task Thirty_two_ingests_of_one_process_are_all_there_each_row_once()
    {
        const int RowsOfIngest = 50;
        var schema = IngestBed.Sample;
        await Table.CreateAsync(new LocalObjectStore(_folder.Path), "default", schema, ["key-08"], Token);
        var factory = IngestFactory.Create().WithFolder(_folder.Path).WithSchema(schema).WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1);
        var results = await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => IngestAsync(w), Token)));
        Assert.Equal(Enumerable.Range(1, Writers).Select(n => (long)n), results.Order());
        var table = await Table.OpenAsync(_folder.Path, "default", Token);
        var counts = new List<int>();
        await foreach (var row in table.ReadAsync(cancellationToken: Token))
        {
            counts.Add(row["count"].AsInt());
        }

        Assert.Equal(Enumerable.Range(0, Writers * RowsOfIngest), counts.Order());

        async Task<long> IngestAsync(int writer)
        {
            await using var ingest = await factory.OpenAsync(Token);
            await ingest.WriteAsync(IngestBed.GoodRows(RowsOfIngest, writer * RowsOfIngest), Token);
            return (await ingest.CompleteAsync(Token)).CommitNumber;
        }
    }
}
