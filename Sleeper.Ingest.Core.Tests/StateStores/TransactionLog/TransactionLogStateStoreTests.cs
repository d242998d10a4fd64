using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

public sealed class TransactionLogStateStoreTests
{
    private readonly InMemoryObjectStore _memory = new();

    [Fact]
    public async Task An_id_commits_once_and_later_attempts_get_the_first_result()
    {
        using var one = await CreateAsync(_memory);
        using var two = await OpenAsync(_memory, 2);
        var open = await two.StateStore.BeginAttemptAsync("id");
        var first = await CommitAsync(one.StateStore, "id");

        var late = await two.StateStore.CommitAsync(open, Commit(open));
        Assert.True(late.AlreadyCommitted);
        Assert.Equal((first.TransactionNumber, first.RowCount), (late.TransactionNumber, late.RowCount));
        AssertSameFiles(first.Files, late.Files);
        var again = await two.StateStore.BeginAttemptAsync("id");
        Assert.NotNull(again.Committed);
        AssertSameFiles(first.Files, again.Committed.Files);
        Assert.Equal(1, (await one.StateStore.LoadStateAsync()).TransactionNumber);
    }

    [Fact]
    public async Task The_same_id_with_other_rows_is_a_loud_error()
    {
        using var table = await CreateAsync(_memory);
        var one = await table.StateStore.BeginAttemptAsync("id");
        var two = await table.StateStore.BeginAttemptAsync("id");
        var three = await table.StateStore.BeginAttemptAsync("id");
        await table.StateStore.CommitAsync(one, Commit(one, 10, "aa"));
        Assert.Contains("11 rows", (await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(two, Commit(two, 11)))).Message);
        Assert.Contains("'bb'", (await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(three, Commit(three, 10, "bb")))).Message);
        Assert.True((await table.StateStore.CommitAsync(two, Commit(two, 10))).AlreadyCommitted);
    }

    [Fact]
    public async Task A_commit_without_contention_costs_one_log_put_one_intent_put_and_one_delete()
    {
        var counted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(counted);
        await CommitAsync(table.StateStore, "first");
        counted.ForgetCalls();
        var attempt = await table.StateStore.BeginAttemptAsync("second");
        string intent = Assert.Single(counted.Calls, c => c.StartsWith("put ", StringComparison.Ordinal))[4..];
        Assert.Equal(["open events/log/files/00000000000000000002.json", $"put {intent}"], counted.Calls);
        counted.ForgetCalls();
        await table.StateStore.CommitAsync(attempt, Commit(attempt));
        Assert.Equal(["put-if-absent events/log/files/00000000000000000002.json", $"delete {intent}"], counted.Calls);
    }

    [Fact]
    public async Task A_lost_answer_is_found_out_and_is_a_success()
    {
        var scripted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(scripted);
        FailOnce(scripted, "put-if-absent", ScriptedFault.After);
        var result = await CommitAsync(table.StateStore, "id");
        Assert.False(result.AlreadyCommitted);
        Assert.Contains("flush events/log/files/00000000000000000001.json", scripted.Calls);
        Assert.Equal(1, (await table.StateStore.LoadStateAsync()).TransactionNumber);
    }

    [Fact]
    public async Task A_put_that_never_landed_is_put_again_at_the_same_number()
    {
        var scripted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(scripted);
        FailOnce(scripted, "put-if-absent", ScriptedFault.Before);
        var result = await CommitAsync(table.StateStore, "id");
        Assert.Equal(1, result.TransactionNumber);
        Assert.Equal(2, scripted.Calls.Count(c => c == "put-if-absent events/log/files/00000000000000000001.json"));
    }

    [Theory]
    [InlineData("Before", false)]
    [InlineData("After", true)]
    public async Task A_put_that_cannot_be_read_back_is_unknown_until_it_is_resolved(string fault, bool landed)
    {
        var scripted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(scripted);
        var attempt = await table.StateStore.BeginAttemptAsync("id");
        scripted.Fault = (verb, path) => !path.Contains("/log/", StringComparison.Ordinal) ? ScriptedFault.None
            : verb == "put-if-absent" ? Enum.Parse<ScriptedFault>(fault) : ScriptedFault.Before;
        var unknown = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt)));
        Assert.Equal("id", unknown.IngestId);
        Assert.True(unknown.IsRetryable);
        Assert.IsType<IOException>(unknown.InnerException);
        await Assert.ThrowsAnyAsync<Exception>(() => table.StateStore.ResolveAsync("id"));

        scripted.Fault = (_, _) => ScriptedFault.None;
        var resolution = await table.StateStore.ResolveAsync("id");
        Assert.Equal(landed, resolution.Committed is not null);
        using var other = await OpenAsync(_memory, 2);
        Assert.Equal(landed, await other.StateStore.FindCommitAsync("id") is not null);
        if (!landed)
        {
            await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt)));
        }
        else
        {
            Assert.False((await table.StateStore.CommitAsync(attempt, Commit(attempt))).AlreadyCommitted);
            Assert.Equal(1, (await table.StateStore.LoadStateAsync()).TransactionNumber);
        }
    }

    [Fact]
    public async Task A_no_holds_against_every_attempt_that_is_under_way_and_lets_a_new_one_commit()
    {
        using var one = await CreateAsync(_memory);
        using var two = await OpenAsync(_memory, 2);
        var early = await one.StateStore.BeginAttemptAsync("id");
        var bystander = await one.StateStore.BeginAttemptAsync("other");
        Assert.Null((await two.StateStore.ResolveAsync("id")).Committed);

        var refused = await Assert.ThrowsAsync<CommitFailedException>(() => one.StateStore.CommitAsync(early, Commit(early)));
        Assert.Contains("was ended", refused.Message);
        await one.StateStore.CommitAsync(bystander, Commit(bystander));
        var fresh = await one.StateStore.BeginAttemptAsync("id");
        Assert.Equal(3, (await one.StateStore.CommitAsync(fresh, Commit(fresh))).TransactionNumber);
        Assert.NotNull((await two.StateStore.ResolveAsync("id")).Committed);
        Assert.Equal(2, (await two.StateStore.LoadStateAsync()).References.Count);
    }

    [Fact]
    public async Task A_put_that_lands_after_the_no_is_refused()
    {
        // The commit's put is held back until the no is written: it comes late, at the number that the END has.
        var scripted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(scripted);
        using var other = await OpenAsync(_memory, 2);
        var attempt = await table.StateStore.BeginAttemptAsync("id");
        scripted.BeforePut = async _ =>
        {
            scripted.BeforePut = null;
            Assert.Null((await other.StateStore.ResolveAsync("id")).Committed);
        };
        await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt)));
        Assert.Empty((await other.StateStore.LoadStateAsync()).References);
    }

    [Fact]
    public async Task Abandoning_after_a_put_of_unknown_effect_ends_the_attempt_in_the_log()
    {
        var scripted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(scripted);
        var attempt = await table.StateStore.BeginAttemptAsync("id");
        scripted.Fault = (_, path) => path.Contains("/log/", StringComparison.Ordinal) ? ScriptedFault.Before : ScriptedFault.None;
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt)));
        scripted.Fault = (_, _) => ScriptedFault.None;
        await table.StateStore.AbandonAsync(attempt);
        Assert.Equal(["events/log/files/00000000000000000001.json"], await ObjectsAsync(_memory, "events/log/files/"));
        Assert.Empty(await ObjectsAsync(_memory, "events/ingests/"));
        await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt)));
    }

    [Fact]
    public async Task A_plain_abort_leaves_nothing()
    {
        using var table = await CreateAsync(_memory);
        var attempt = await table.StateStore.BeginAttemptAsync("id");
        Assert.Single(await ObjectsAsync(_memory, "events/ingests/"));
        await table.StateStore.AbandonAsync(attempt);
        Assert.Equal(["events/log/partitions/00000000000000000001.json", "events/table.properties"], await ObjectsAsync(_memory));
    }

    [Fact]
    public async Task A_caller_who_cancels_while_the_put_is_under_way_gets_its_result()
    {
        var scripted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(scripted);
        var attempt = await table.StateStore.BeginAttemptAsync("id");
        using var cancel = new CancellationTokenSource();
        FailOnce(scripted, "put-if-absent", ScriptedFault.After);
        scripted.BeforePut = _ =>
        {
            cancel.Cancel();
            return Task.CompletedTask;
        };
        Assert.Equal(1, (await table.StateStore.CommitAsync(attempt, Commit(attempt), cancel.Token)).TransactionNumber);
    }

    [Fact]
    public async Task A_table_that_is_never_free_is_a_failure_in_bounded_time()
    {
        var scripted = new ScriptedObjectStore(_memory);
        using var table = await CreateAsync(scripted);
        using var rival = await OpenAsync(_memory, 2);
        var attempt = await table.StateStore.BeginAttemptAsync("id");
        int rivals = 0;
        scripted.BeforePut = async _ => await CommitAsync(rival.StateStore, $"rival-{rivals++}");
        var failure = await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt)));
        Assert.True(failure.IsRetryable);
        Assert.True(rivals > 100, $"{rivals} tries");
        Assert.Null(await rival.StateStore.FindCommitAsync("id"));
    }

    [Fact]
    public async Task Two_stores_racing_for_hundreds_of_numbers_lose_nothing()
    {
        using var one = await CreateAsync(_memory);
        using var two = await OpenAsync(_memory, 2);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            var store = writer % 2 == 0 ? one : two;
            for (int i = 0; i < 100; i++)
            {
                await Task.Yield();
                await CommitAsync(store.StateStore, $"{writer}-{i}", i + 1);
            }
        }));
        using var reader = await OpenAsync(_memory, 3);
        var state = await reader.StateStore.LoadStateAsync();
        Assert.Equal(400, state.TransactionNumber);
        Assert.Equal(400, state.References.Select(r => r.FileName).Distinct().Count());
        Assert.Equal(4 * 5050, state.References.Sum(r => r.RowCount));
    }

    [Fact]
    public async Task Attempts_of_one_id_racing_commit_once()
    {
        using var one = await CreateAsync(_memory);
        using var two = await OpenAsync(_memory, 2);
        for (int i = 0; i < 50; i++)
        {
            var results = await Task.WhenAll(
                Task.Run(() => CommitAsync(one.StateStore, $"id-{i}")), Task.Run(() => CommitAsync(two.StateStore, $"id-{i}")));
            Assert.Equal(results[0].TransactionNumber, results[1].TransactionNumber);
        }

        Assert.Equal(50, (await one.StateStore.LoadStateAsync()).TransactionNumber);
    }

    private static void FailOnce(ScriptedObjectStore store, string verb, ScriptedFault fault)
    {
        int left = 1;
        store.Fault = (v, path) => v == verb && path.Contains("/log/", StringComparison.Ordinal) && left-- > 0 ? fault : ScriptedFault.None;
    }

    private static void AssertSameFiles(IReadOnlyList<DataFile> expected, IReadOnlyList<DataFile> actual)
    {
        Assert.Equal(expected.Select(f => (f.FileName, f.LengthBytes)), actual.Select(f => (f.FileName, f.LengthBytes)));
        Assert.Equal(expected.SelectMany(f => f.References), actual.SelectMany(f => f.References));
    }
}
