using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog.Snapshots;

/// <summary>Whatever a log holds, its state is the same from entry 1 and from any snapshot, and a snapshot's bytes do not depend on where they began.</summary>
public sealed class FilesSnapshotTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_random_history_gives_one_state_from_everywhere(int seed)
    {
        var random = new Random(seed);
        var bed = new SnapshotBed();
        await bed.PutTreeAsync(TableFixture.Tree("m"));
        var model = new FilesState();
        int next = 0;
        var snapshots = new List<long> { 0 };
        int entries = random.Next(5, 40);
        for (int i = 0; i < entries; i++)
        {
            var transaction = RandomTransaction(random, model, ref next);
            await bed.PutAsync(transaction, h => transaction is AddFiles && random.Next(2) == 0
                ? h with { IngestId = $"id-{h.Number}", AttemptId = "0123456789abcdef", RowCount = random.Next(100), FileCount = 1 }
                : h);
            transaction.Apply(model, DateTimeOffset.FromUnixTimeMilliseconds(1767323000000 + bed.Number));
            if (random.Next(4) == 0)
            {
                byte[] direct = await bed.BuildFilesAsync(0, bed.Number);
                foreach (long from in snapshots)
                {
                    Assert.Equal(direct, await bed.BuildFilesAsync(from, bed.Number));
                }

                using var store = bed.Open(interval: 1);
                await store.PutDueSnapshotAsync(dryRun: false, Token);
                snapshots.Add(bed.Number);
                Assert.Equal(direct, await TableFixture.ReadAsync(bed.Store, bed.Paths.Snapshot(bed.Number, Core.StateStores.TransactionLog.Snapshots.SnapshotPart.Files)));
            }
        }

        using var reader = bed.Open(seed: 2);
        var state = await reader.LoadStateAsync(Token);
        Assert.Equal(bed.Number, state.TransactionNumber);
        Assert.Equal(Lines(model), Lines(state));
        Assert.Equal(
            model.Files.Select(f => f.Name).Where(n => model.Get(n).References.Count > 0), state.References.Select(r => r.FileName).Distinct());
    }

    private static FilesTransaction RandomTransaction(Random random, FilesState model, ref int next)
    {
        var files = model.Files.Where(f => f.References.Count > 0).ToList();
        string partition = random.Next(2) == 0 ? "p0" : "p1";
        switch (random.Next(files.Count == 0 ? 1 : 9))
        {
            case 5:
                {
                    var file = files[random.Next(files.Count)];
                    string from = file.References.Keys.First();
                    return new AssignJobIds([new($"job-{next++}", from, [file.Name])]);
                }

            case 6 when files.Find(f => f.References.Values.Any(r => r.JobId is not null)) is { } file:
                {
                    var reference = file.References.Values.First(r => r.JobId is not null);
                    return new ReplaceFileReferences(
                        [new(reference.JobId!, "task", "run", [file.Name], new ReferenceBody($"compacted-{next++}", reference.PartitionId, 5, null, false, true))]);
                }

            case 7:
                {
                    var file = files[random.Next(files.Count)];
                    var old = file.References.Values.First();
                    string other = old.PartitionId == "p0" ? "p1" : "p0";
                    return new SplitFileReferences(
                    [
                        new(
                        new ReferenceBody(file.Name, old.PartitionId, old.NumberOfRows, null, false, true),
                        [new ReferenceBody(file.Name, other, 3, null, true, false), new ReferenceBody(file.Name, old.PartitionId, 4, null, true, false)]),
                ]);
                }

            case 8 when random.Next(3) == 0:
                return new ClearFiles();
            case 4 when model.Files.FirstOrDefault(f => f.References.Count == 0) is { } unreferenced:
                return new DeleteFiles([unreferenced.Name, unreferenced.Name]);
            default:
                // Now and then a file that is known already: then the whole entry has no effect.
                int known = random.Next(6);
                string again = known == 0 && files.Count > 0 ? files[0].Name : $"file-{next++}";
                return new AddFiles(
                [
                    new(again, [new ReferenceBody(null, partition, random.Next(1, 50), null, false, true)]),
                    new($"file-{next++}", [new ReferenceBody(null, "p0", 1, null, false, false), new ReferenceBody(null, "p1", 2, null, random.Next(2) == 0, false)]),
                ]);
        }
    }

    private static IEnumerable<string> Lines(FilesState state) => state.Files
        .SelectMany(f => f.References.Values.Select(r => $"{f.Name} {r.PartitionId} {r.NumberOfRows} {r.CountApproximate} {r.OnlyContainsDataForThisPartition}"))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(TableState state) => state.References
        .Select(r => $"{r.FileName} {r.PartitionId} {r.RowCount} {r.CountApproximate} {r.OnlyContainsDataForThisPartition}")
        .Order(StringComparer.Ordinal);
}
