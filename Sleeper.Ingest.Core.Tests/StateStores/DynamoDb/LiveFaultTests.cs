using System.Collections.Concurrent;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>Every request of a commit goes wrong in every way: the end is committed once, or failed with nothing left, or unknown and answered later. Nothing else.</summary>
public sealed class LiveFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Faults
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string fault in Enum.GetNames<DynamoDbFault>().Where(f => f != "None"))
            {
                data.Add(fault, true);
                data.Add(fault, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_at_any_request_ends_in_one_commit_or_none(string name, bool once)
    {
        var fault = Enum.Parse<DynamoDbFault>(name);
        int requests = await CountRequestsAsync();
        Assert.Equal(6, requests); // partitions: snapshots, log; look-up: log; commit: log, log, put
        for (int at = 1; at <= requests; at++)
        {
            await RunAsync(fault, at, once);
        }
    }

    [Theory]
    [InlineData("Before", true)]
    [InlineData("After", true)]
    [InlineData("Before", false)]
    [InlineData("After", false)]
    public async Task A_body_that_cannot_be_stored_fails_the_commit_and_is_gone(string name, bool once)
    {
        var table = await LiveTable.CreateAsync();
        int faults = once ? 1 : int.MaxValue;
        var bucket = new ScriptedObjectStore(table.Bucket);
        bucket.Fault = (verb, _) => verb == "put" && faults-- > 0 ? Enum.Parse<ScriptedFault>(name) : ScriptedFault.None;
        using var store = table.Open(bucket: bucket);
        var attempt = await store.BeginAttemptAsync("id", Token);
        var error = await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, table.Commit(attempt, files: 1000), Token));
        Assert.Contains("could not be stored", error.Message, StringComparison.Ordinal);
        Assert.Empty(table.Numbers());
        Assert.Empty(await TableFixture.ObjectsAsync(table.Bucket));
    }

    [Fact]
    public async Task A_thousand_lost_replies_are_a_thousand_commits()
    {
        // One writer by itself, then four that take numbers from one another.
        int[] commits = [800, 50, 50, 50, 50];
        DynamoDbFault[] lost = [DynamoDbFault.LostReply, DynamoDbFault.RepeatedBySdk, DynamoDbFault.CutReply, DynamoDbFault.InternalErrorAfter];
        var table = await LiveTable.CreateAsync();
        table.DynamoDb.Fault = call => call.Operation == "PutItem" ? lost[call.Number % lost.Length] : DynamoDbFault.None;
        var results = new ConcurrentDictionary<string, long>();
        await WriteAsync(0);
        await Task.WhenAll(Enumerable.Range(1, 4).Select(w => Task.Run(() => WriteAsync(w), Token)));

        Assert.Equal(Enumerable.Range(1, 1000).Select(n => (long)n), table.Numbers());
        Assert.Equal(table.Numbers(), results.Values.Order());
        using var reader = table.Open(99);
        Assert.Equal(1000, (await reader.LoadStateAsync(Token)).References.Count);
        foreach (string id in new[] { "0-0", "0-799", "1-49", "3-25" })
        {
            Assert.Equal(results[id], (await reader.FindCommitAsync(id, Token))!.TransactionNumber);
        }

        async Task WriteAsync(int writer)
        {
            using var store = table.Open(writer + 1, new LiveStoreSettings { MaxAttempts = 1000 });
            for (int i = 0; i < commits[writer]; i++)
            {
                var result = await table.CommitAsync(store, $"{writer}-{i}");
                Assert.False(result.AlreadyCommitted);
                results[$"{writer}-{i}"] = result.TransactionNumber;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unknown_end_is_settled_by_resolving(bool landed)
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var attempt = await store.BeginAttemptAsync("id", Token);
        await MakeUnknownAsync(table, store, attempt, landed);

        // As long as nothing answers, resolving does not guess either, and the attempt cannot be given up.
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => store.ResolveAsync("id", Token));
        await Assert.ThrowsAnyAsync<IngestException>(() => store.AbandonAsync(attempt, Token));
        table.DynamoDb.Fault = _ => DynamoDbFault.None;
        if (!landed)
        {
            // The number is free: a put may still be on its way.
            await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => store.AbandonAsync(attempt, Token));
        }

        var resolved = await store.ResolveAsync("id", Token);
        Assert.Equal(1, resolved.Committed!.TransactionNumber);
        Assert.Equal([1L], table.Numbers());
        using var other = table.Open(2);
        Assert.Equal(1, (await other.ResolveAsync("id", Token)).Committed!.TransactionNumber);
        await store.AbandonAsync(attempt, Token); // no doubt is left: nothing to do
    }

    [Fact]
    public async Task An_unknown_end_whose_number_another_took_is_a_no_for_ever()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open(settings: new LiveStoreSettings { MaxAttempts = 1 });
        var attempt = await store.BeginAttemptAsync("id", Token);
        await MakeUnknownAsync(table, store, attempt, landed: false);
        table.DynamoDb.Fault = _ => DynamoDbFault.None;
        using var other = table.Open(2);
        await table.CommitAsync(other, "other");
        await store.AbandonAsync(attempt, Token);
        Assert.Null((await store.ResolveAsync("id", Token)).Committed);
        Assert.Null((await other.ResolveAsync("id", Token)).Committed);
        Assert.Equal([1L], table.Numbers());

        // The rows may be ingested again.
        Assert.Equal(2, (await table.CommitAsync(store, "id")).TransactionNumber);
    }

    [Fact]
    public async Task The_same_attempt_committed_again_after_an_unknown_end_is_one_entry()
    {
        foreach (bool landed in new[] { true, false })
        {
            var table = await LiveTable.CreateAsync();
            using var store = table.Open();
            var attempt = await store.BeginAttemptAsync("id", Token);
            await MakeUnknownAsync(table, store, attempt, landed);
            table.DynamoDb.Fault = _ => DynamoDbFault.None;
            var result = await store.CommitAsync(attempt, table.Commit(attempt), Token);
            Assert.Equal((1, false), (result.TransactionNumber, result.AlreadyCommitted));
            Assert.Equal([1L], table.Numbers());
        }
    }

    [Fact]
    public async Task A_new_attempt_after_an_unknown_end_meets_the_late_put_of_the_first()
    {
        var table = await LiveTable.CreateAsync();
        using var first = table.Open();
        var lost = await first.BeginAttemptAsync("id", Token);
        await MakeUnknownAsync(table, first, lost, landed: false);
        table.DynamoDb.Fault = _ => DynamoDbFault.None;

        // Another process sees no commit and begins anew; then the first put lands after all, just before the second.
        using var second = table.Open(2);
        var attempt = await second.BeginAttemptAsync("id", Token);
        Assert.Null(attempt.Committed);
        bool isLate = true;
        table.DynamoDb.Before = async call =>
        {
            if (call.Operation == "PutItem" && isLate)
            {
                isLate = false;
                await first.CommitAsync(lost, table.Commit(lost), Token);
            }
        };
        var result = await second.CommitAsync(attempt, table.Commit(attempt), Token);
        Assert.True(result.AlreadyCommitted);
        Assert.Equal([1L], table.Numbers());
    }

    [Fact]
    public async Task Cancelling_before_the_put_is_a_cancellation_and_after_it_the_end_is_found_out()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open(time: new ManualClock());
        var attempt = await store.BeginAttemptAsync("id", Token);
        using var early = new CancellationTokenSource();
        await early.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CommitAsync(attempt, table.Commit(attempt), early.Token));
        Assert.Empty(table.Numbers());

        using var late = new CancellationTokenSource();
        table.DynamoDb.Before = call => call.Operation == "PutItem" ? late.CancelAsync() : Task.CompletedTask;
        table.DynamoDb.Fault = call => call.Operation == "PutItem" ? DynamoDbFault.LostReply : DynamoDbFault.None;
        Assert.Equal(1, (await store.CommitAsync(attempt, table.Commit(attempt), late.Token)).TransactionNumber);
    }

    [Fact]
    public async Task No_permission_is_said_with_the_action_and_the_table_and_at_once()
    {
        var table = await LiveTable.CreateAsync();
        string denied = LiveTable.PartitionsLog;
        table.DynamoDb.Fault = call => (string?)call.Request["TableName"] == denied ? DynamoDbFault.NoPermission : DynamoDbFault.None;
        using var store = table.Open();
        AssertNames(await Assert.ThrowsAsync<IngestException>(() => store.LoadStateAsync(Token)), "dynamodb:Query", denied);
        denied = LiveTable.LatestSnapshots;
        using var second = table.Open(2);
        AssertNames(await Assert.ThrowsAsync<IngestException>(() => second.LoadPartitionsAsync(Token)), "dynamodb:Query", denied);
        denied = LiveTable.FilesLog;
        AssertNames(await Assert.ThrowsAsync<IngestException>(() => store.LoadStateAsync(Token)), "dynamodb:Query", denied);
        AssertNames(await Assert.ThrowsAsync<IngestException>(() => store.BeginAttemptAsync("id", Token)), "dynamodb:Query", denied);

        denied = "";
        var attempt = await store.BeginAttemptAsync("id", Token);
        table.DynamoDb.ForgetCalls();
        table.DynamoDb.Fault = call => call.Operation == "PutItem" ? DynamoDbFault.NoPermission : DynamoDbFault.None;
        var error = await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, table.Commit(attempt), Token));
        AssertNames(error, "dynamodb:PutItem", LiveTable.FilesLog);
        Assert.False(error.IsRetryable);
        Assert.Single(table.DynamoDb.Calls, c => c.Operation == "PutItem");
        Assert.Empty(table.Numbers());

        static void AssertNames(Exception error, string action, string resource)
        {
            Assert.Contains($"No permission for {action} on the DynamoDB table '{resource}'", error.Message, StringComparison.Ordinal);
            Assert.Contains("'events'", error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>A commit whose put has an effect or none, and after which nothing answers.</summary>
    private static async Task MakeUnknownAsync(LiveTable table, DynamoDbStateStore store, IngestAttempt attempt, bool landed)
    {
        bool isPut = false;
        table.DynamoDb.Fault = call =>
        {
            bool isFirst = !isPut && call.Operation == "PutItem";
            isPut |= isFirst;
            return !isPut ? DynamoDbFault.None : isFirst && landed ? DynamoDbFault.LostReply : DynamoDbFault.ErrorBefore;
        };
        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => store.CommitAsync(attempt, table.Commit(attempt), Token));
        Assert.Equal(attempt.IngestId, error.IngestId);
        Assert.Equal(landed ? [1L] : [], table.Numbers());
    }

    private static async Task<int> CountRequestsAsync()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await store.LoadPartitionsAsync(Token);
        await table.CommitAsync(store, "id");
        return table.DynamoDb.Calls.Count;
    }

    private static async Task RunAsync(DynamoDbFault fault, int at, bool once)
    {
        var table = await LiveTable.CreateAsync();
        table.DynamoDb.Fault = call => call.Number == at || (!once && call.Number > at) ? fault : DynamoDbFault.None;
        string what = $"{fault} at request {at}{(once ? "" : " and all after it")}";
        using var store = table.Open();
        CommitResult? result = null;
        Exception? error = null;
        try
        {
            await store.LoadPartitionsAsync(Token);
            result = await table.CommitAsync(store, "id");
        }
        catch (Exception e)
        {
            error = e;
        }

        int entries = table.Numbers().Count;
        Assert.True(result is null || (result.TransactionNumber == 1 && entries == 1), what);
        Assert.True(error is null or IngestException, $"{what}: {error}");
        Assert.True(error is CommitOutcomeUnknownException || result is not null || entries == 0, $"{what}: failed, with {entries} entries. {error}");
        table.DynamoDb.Fault = _ => DynamoDbFault.None;
        var resolved = (await store.ResolveAsync("id", Token)).Committed;
        Assert.Equal(resolved is null ? 0 : 1, table.Numbers().Count);
        Assert.True(resolved is not null || result is null, what);
        Assert.True(error is not CommitOutcomeUnknownException || resolved is not null, $"{what}: an unknown end stays so until its number has an owner");
        using var other = table.Open(2);
        Assert.Equal(resolved?.TransactionNumber, (await other.FindCommitAsync("id", Token))?.TransactionNumber);
    }
}
