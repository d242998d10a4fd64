using System.Text.Json;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>Tables as the Java system left them, against what it says of them itself.</summary>
public sealed class LiveDumpTests
{
    public static TheoryData<string, string> Tables => LiveTableDump.All;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Item_54_partitions_references_unreferenced_files_and_numbers_are_the_originals(string dump, string name)
    {
        var table = await LiveTableDump.LoadAsync(dump, name);
        using var store = table.Open();
        var tree = await store.LoadPartitionsAsync(Token);
        Assert.Equal(table.Expected("table.json").GetProperty("lastPartitionsTransaction").GetInt64(), tree.LogNumber);
        Assert.Equal(
            table.Expected("partitions.json").EnumerateArray().Select(p => PartitionJson.Read(p, table.Identity.Schema)).OrderBy(p => p.Id, StringComparer.Ordinal),
            tree.All.OrderBy(p => p.Id, StringComparer.Ordinal));

        var (files, number) = await store.LoadFilesAsync(Token);
        Assert.Equal(table.Expected("table.json").GetProperty("lastFilesTransaction").GetInt64(), number);
        Assert.Equal(
            table.Expected("file-references.json").EnumerateArray().Select(Line),
            files.Files.OrderBy(f => f.Name, StringComparer.Ordinal)
                .SelectMany(f => f.References.Values.OrderBy(r => r.PartitionId, StringComparer.Ordinal).Select(r => Line(f, r))));
        Assert.Equal(
            table.Expected("files-with-no-references.json").EnumerateArray().Select(f => $"{f.GetProperty("filename").GetString()} {f.GetProperty("fileUpdateTime").GetInt64()}"),
            files.Files.Where(f => f.References.Count == 0).OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => $"{f.Name} {f.UpdateTime.ToUnixTimeMilliseconds()}"));

        var state = await store.LoadStateAsync(Token);
        Assert.Equal(files.Files.Sum(f => f.References.Count), state.References.Count);
        Assert.Equal(number, state.TransactionNumber);
    }

    private static string Line(JsonElement reference) =>
        $"{reference.GetProperty("filename").GetString()} {reference.GetProperty("partitionId").GetString()} {reference.GetProperty("numberOfRows").GetInt64()} "
        + $"{(reference.TryGetProperty("jobId", out var job) ? job.GetString() : "no job")} {reference.GetProperty("countApproximate").GetBoolean()} "
        + $"{reference.GetProperty("onlyContainsDataForThisPartition").GetBoolean()} {reference.GetProperty("lastStateStoreUpdateTime").GetInt64()} "
        + $"{reference.GetProperty("fileUpdateTime").GetInt64()}";

    private static string Line(FileState file, FileReferenceState r) =>
        $"{file.Name} {r.PartitionId} {r.NumberOfRows} {r.JobId ?? "no job"} {r.CountApproximate} {r.OnlyContainsDataForThisPartition} "
        + $"{r.UpdateTime.ToUnixTimeMilliseconds()} {file.UpdateTime.ToUnixTimeMilliseconds()}";
}
