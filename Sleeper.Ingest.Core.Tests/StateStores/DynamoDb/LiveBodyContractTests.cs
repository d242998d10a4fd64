using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>What only tables of an instance have, over DynamoDB as three servers have it: one in this process, and two emulators.</summary>
public sealed class LiveBodyContractTests
{
    public static TheoryData<string> Servers => LiveLogServer.Kinds;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Bodies_in_the_item_and_in_the_bucket_come_back_over_pages_of_a_mebibyte(string kind)
    {
        using var server = await LiveLogServer.CreateAsync(kind);
        using var writer = server.Open(1);
        int files = 0;
        foreach (int count in new[] { 600, 600, 600, 600, 600, 600, 1000, 600, 1 })
        {
            var attempt = await writer.BeginAttemptAsync($"id-{files}", Token);
            await writer.CommitAsync(attempt, Commit(server, attempt, 3, count), Token);
            files += count;
        }

        using var reader = server.Open(2);
        Assert.Equal((files, 9L), await reader.LoadStateAsync(Token) is var state ? (state.References.Count, state.TransactionNumber) : default);
        Assert.Equal(1000, (await reader.FindCommitAsync("id-3600", Token))!.Files.Count);
    }

    private static IngestCommit Commit(LiveLogServer server, IngestAttempt attempt, long rows, int files = 1)
    {
        var data = Enumerable.Range(0, files).Select(i => server.Paths.DataFile("p0", attempt.FileNamePrefix, i)).Select(name => new DataFile(name, 1, [new FileReference(name, "p0", rows)]));
        return new IngestCommit([.. data], rows * files, 1);
    }
}
