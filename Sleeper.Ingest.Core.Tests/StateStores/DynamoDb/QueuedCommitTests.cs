using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>Commits through Sleeper's commit queue: items 15, 47 to 49 and 57 of the state store's checklist, and hazards H7 and H10.</summary>
public sealed class QueuedCommitTests
{
    private static readonly CommitJob Job = new("job-7f", "csharp-host-1", "run-01");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Item_47_a_message_is_the_originals_member_by_member()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using (store)
        {
            await SendAsync(table, store, commits, "one", Job);
            await SendAsync(table, store, commits, "two", null);
        }

        var original = Message("commit-with-job-members.json");
        var ours = JsonDocument.Parse(queue.Sent[0].Body).RootElement;
        Assert.Equal(MemberTree(original), MemberTree(ours));
        Assert.Equal("ADD_FILES", ours.GetProperty("transactionType").GetString());
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).ToUnixTimeMilliseconds(), ours.GetProperty("transaction").GetProperty("writtenTime").GetInt64());
        Assert.Equal(MemberTree(Message("commit-without-job-members.json")), MemberTree(JsonDocument.Parse(queue.Sent[1].Body).RootElement));
        Assert.All(queue.Sent, s => Assert.Equal(LiveTable.TableId, s.Options.GroupId));
        Assert.All(queue.Sent, s => Assert.DoesNotContain("null", s.Body, StringComparison.Ordinal));
        Assert.Equal(2, queue.Sent.Select(s => Guid.Parse(s.Options.DeduplicationId!)).Distinct().Count());
    }

    [Fact]
    public void Item_47_the_two_forms_of_a_message_are_byte_by_byte_the_originals()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "transactions", "commit-request.json")));
        string inline = json.RootElement.GetProperty("withTransaction").GetString()!;
        string transaction = JsonDocument.Parse(inline).RootElement.GetProperty("transaction").GetRawText();
        Assert.Equal(inline, CommitMessage.Write("0a1b2c3d", transaction, null));
        Assert.Equal(json.RootElement.GetProperty("withBodyKey").GetString(), CommitMessage.Write("0a1b2c3d", "", "0a1b2c3d/statestore/transactions/x.json"));
    }

    [Fact]
    public async Task Item_48_a_long_body_is_in_the_bucket_before_the_message_that_names_it()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        queue.Fault = n =>
        {
            string key = JsonDocument.Parse(queue.Sent[n - 1].Body).RootElement.GetProperty("bodyKey").GetString()!;
            Assert.NotNull(table.Bucket.HeadAsync(key, Token).AsTask().GetAwaiter().GetResult());
            return null;
        };
        var queued = await SendAsync(table, store, commits, "id", Job, files: 1000);
        Assert.Equal(MemberTree(Message("commit-body-in-s3.json")), MemberTree(JsonDocument.Parse(queue.Sent[0].Body).RootElement));
        queue.ApplyNext();
        Assert.Equal(1, (await commits.WaitAsync("id", queued, TimeSpan.FromSeconds(5), Token)).TransactionNumber);
        using var reader = table.Open(2);
        Assert.Equal(1000, (await reader.LoadStateAsync(Token)).References.Count);
        Assert.NotNull(await reader.FindCommitAsync("id", Token));
        Assert.Equal("job-7f", (await reader.LoadStateAsync(Token)).RecentCommits[0].IngestId);
    }

    [Fact]
    public async Task Item_49_a_sent_commit_is_not_committed_until_its_entry_is_seen_and_else_unknown()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        var queued = await SendAsync(table, store, commits, "id", null);
        Assert.Null(await store.FindCommitAsync("id", Token));
        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => commits.WaitAsync("id", queued, TimeSpan.FromSeconds(30), Token));
        Assert.Contains("dead letters", error.Message, StringComparison.Ordinal);

        // Others commit; the entry comes between theirs.
        using var direct = table.Open(2);
        await table.CommitAsync(direct, "other-1");
        queue.ApplyNext();
        await table.CommitAsync(direct, "other-2");
        Assert.Equal(2, (await commits.WaitAsync("id", queued, TimeSpan.FromSeconds(30), Token)).TransactionNumber);
        Assert.Equal(2, (await direct.FindCommitAsync("id", Token))!.TransactionNumber);

        // Sent again as a new attempt, it is found at once and nothing is sent.
        var again = await store.BeginAttemptAsync("id", Token);
        Assert.NotNull(again.Committed);
        Assert.True(await commits.SendAsync(again, table.Commit(again), null, Token) is { AlreadyCommitted: true, IsQueued: false });
        Assert.Single(queue.Sent);
    }

    [Fact]
    public async Task Item_49_waiting_goes_on_through_errors_of_the_log()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        var queued = await SendAsync(table, store, commits, "id", null);
        queue.ApplyNext();
        int errors = 3;
        table.DynamoDb.Fault = call => errors-- > 0 ? DynamoDbFault.InternalErrorBefore : DynamoDbFault.None;
        Assert.Equal(1, (await commits.WaitAsync("id", queued, TimeSpan.FromMinutes(5), Token)).TransactionNumber);
    }

    [Theory]
    [InlineData("before", false)]
    [InlineData("after", false)]
    [InlineData("after", true)]
    public async Task Item_57_a_send_without_an_answer_is_repeated_only_after_the_log_was_searched_and_makes_one_entry(string fault, bool isQuick)
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        queue.IsQuick = isQuick;
        queue.Fault = n => n <= 2 ? fault : null;
        int looks = 0;
        var attempt = await store.BeginAttemptAsync("id", Token);
        table.DynamoDb.ForgetCalls();
        table.DynamoDb.Before = call =>
        {
            looks += queue.Sent.Count > 0 ? 1 : 0;
            return Task.CompletedTask;
        };
        var sent = await commits.SendAsync(attempt, table.Commit(attempt), Job, Token);
        Assert.Equal(isQuick, !sent.IsQueued);
        Assert.Equal(isQuick ? 1 : 3, queue.Sent.Count);
        Assert.Equal(queue.Sent.Count - (isQuick ? 0 : 1), looks);
        Assert.Single(queue.Sent.Select(s => s.Options.DeduplicationId).Distinct());
        while (queue.Waiting.Count > 0)
        {
            queue.ApplyNext();
        }

        Assert.Equal([1L], table.Numbers());
        Assert.Equal(1, sent.IsQueued ? (await commits.WaitAsync("id", sent, TimeSpan.FromSeconds(5), Token)).TransactionNumber : sent.TransactionNumber);
    }

    [Fact]
    public async Task A_queue_that_refuses_fails_the_commit_and_one_that_never_answers_leaves_it_unknown()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        var attempt = await store.BeginAttemptAsync("id", Token);
        queue.Fault = n => "refused";
        var refused = await Assert.ThrowsAsync<CommitFailedException>(() => commits.SendAsync(attempt, table.Commit(attempt, files: 1000), null, Token));
        Assert.Contains("sqs:SendMessage", refused.Message, StringComparison.Ordinal);
        string claims = table.Paths.ClaimsPrefix;
        Assert.All(await TableFixture.ObjectsAsync(table.Bucket), o => Assert.StartsWith(claims, o, StringComparison.Ordinal));
        queue.Fault = _ => "before";
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => commits.SendAsync(attempt, table.Commit(attempt), null, Token));
    }

    [Fact]
    public async Task What_readers_would_apply_blindly_is_not_sent()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        var attempt = await store.BeginAttemptAsync("id", Token);
        await Assert.ThrowsAsync<ArgumentException>(() => commits.SendAsync(attempt, new IngestCommit([], 0, 1), null, Token));
        await Assert.ThrowsAsync<CommitFailedException>(() => commits.SendAsync(attempt, table.Commit(attempt, partitionId: "gone"), null, Token));
        Assert.Empty(queue.Sent);
    }

    [Fact]
    public async Task Of_two_attempts_of_an_ingest_one_is_sent_whoever_sends_it()
    {
        var (table, queue, store, commits) = await MakeAsync();
        var (otherStore, otherCommits) = Open(table, queue, seed: 8);
        using (store)
        using (otherStore)
        {
            var first = await store.BeginAttemptAsync("id", Token);
            var second = await otherStore.BeginAttemptAsync("id", Token);
            var sent = await commits.SendAsync(first, await PutFilesAsync(table, table.Commit(first)), Job, Token);
            var found = await otherCommits.SendAsync(second, table.Commit(second, rows: 11), Job with { JobRunId = "run-02" }, Token);

            Assert.True(found is { IsQueued: true, AlreadyCommitted: true, RowCount: 10 });
            Assert.Equal(sent.Files.Select(f => f.FileName), found.Files.Select(f => f.FileName));
            Assert.Equal(Job, found.Job);
            Assert.Single(queue.Sent.Distinct());
            queue.ApplyNext();
            Assert.Equal([1L], table.Numbers());
            Assert.Empty(queue.Waiting);
            Assert.Equal(1, (await otherCommits.WaitAsync("id", found, TimeSpan.FromSeconds(5), Token)).TransactionNumber);
            Assert.Empty(await OthersAsync(table));
        }
    }

    /// <summary>Killed after the claim, the send, or neither: whoever runs the ingest next commits it, and nothing twice.</summary>
    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task A_run_that_died_while_it_sent_is_taken_up_by_the_next_one(string fault)
    {
        var (table, queue, store, commits) = await MakeAsync();
        var (otherStore, otherCommits) = Open(table, queue, seed: 8);
        using (store)
        using (otherStore)
        {
            queue.Fault = _ => fault;
            var first = await store.BeginAttemptAsync("id", Token);
            await Assert.ThrowsAsync<CommitOutcomeUnknownException>(async () => await commits.SendAsync(first, await PutFilesAsync(table, table.Commit(first)), Job, Token));
            queue.Fault = _ => null;

            var other = new RoutedStateStore(otherStore, otherCommits, new CommitRoute(IsQueued: true));
            var committed = await other.FindCommitAsync("id", Token);
            Assert.True(committed is { IsQueued: true, AlreadyCommitted: true });
            var second = await other.BeginAttemptAsync("id", Token);
            Assert.StartsWith(first.FileNamePrefix, Path.GetFileName(second.Committed!.Files[0].FileName), StringComparison.Ordinal);
            Assert.Single(queue.Waiting);
            await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => other.ResolveAsync("id", Token));
            queue.ApplyNext();
            Assert.Equal(1, (await other.ResolveAsync("id", Token)).Committed!.TransactionNumber);
            Assert.Null((await other.ResolveAsync("another", Token)).Committed);
            Assert.Equal([1L], table.Numbers());
            Assert.Empty(queue.Waiting);
        }
    }

    /// <summary>Long after: committed, compacted, garbage-collected, the log trimmed. An entry with these files would stop the table's readers.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task A_claim_whose_files_are_gone_was_committed_and_is_never_sent_again(int files)
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        var sent = await SendAsync(table, store, commits, "id", null, files);
        var (otherStore, otherCommits) = Open(table, queue, seed: 8);
        using (otherStore)
        {
            bool isLong = files == 1000;
            string gone = isLong ? (await OthersAsync(table)).Single(o => o.Contains("/transactions/", StringComparison.Ordinal)) : LiveTablePaths.KeyOf(sent.Files[1].FileName);
            await table.Bucket.DeleteAsync(gone, Token);
            var other = new RoutedStateStore(otherStore, otherCommits, new CommitRoute(IsQueued: true));
            Assert.True(await other.FindCommitAsync("id", Token) is { IsQueued: true });
            var attempt = await other.BeginAttemptAsync("id", Token);
            Assert.True(attempt.Committed is { IsQueued: false, AlreadyCommitted: true, TransactionNumber: 0 });
            Assert.Equal(isLong ? 0 : 20, attempt.Committed!.RowCount);
            Assert.Single(queue.Sent);
        }
    }

    [Fact]
    public async Task What_the_queue_took_is_not_sent_again_by_the_same_process()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        await SendAsync(table, store, commits, "id", Job);
        Assert.True(await commits.ResumeAsync("id", Token) is { IsQueued: true });
        Assert.Single(queue.Sent);
    }

    [Fact]
    public async Task A_commit_that_was_called_off_makes_room_for_the_next_attempt()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        queue.Fault = _ => "refused";
        var first = await store.BeginAttemptAsync("id", Token);
        await Assert.ThrowsAsync<CommitFailedException>(() => commits.SendAsync(first, table.Commit(first), null, Token));
        Assert.Null(await commits.FindAsync("id", Token));
        Assert.Null(await commits.ResumeAsync("id", Token));
        queue.Fault = _ => null;

        var second = await store.BeginAttemptAsync("id", Token);
        var sent = await commits.SendAsync(second, table.Commit(second), null, Token);
        Assert.True(sent is { IsQueued: true, AlreadyCommitted: false });
        queue.ApplyNext();
        Assert.Equal(1, (await commits.WaitAsync("id", sent, TimeSpan.FromSeconds(5), Token)).TransactionNumber);
        Assert.Empty(await OthersAsync(table));
    }

    /// <summary>The one that was refused may not remove its files any more: they will be committed.</summary>
    [Fact]
    public async Task A_commit_that_another_run_has_taken_up_is_not_called_off()
    {
        var (table, queue, store, commits) = await MakeAsync();
        var (otherStore, otherCommits) = Open(table, queue, seed: 8);
        using (store)
        using (otherStore)
        {
            await otherStore.BeginAttemptAsync("id", Token);
            queue.Fault = n =>
            {
                if (n == 1)
                {
                    Assert.True(otherCommits.ResumeAsync("id", Token).GetAwaiter().GetResult() is { IsQueued: true });
                    return "refused";
                }

                return null;
            };
            var first = await store.BeginAttemptAsync("id", Token);
            await Assert.ThrowsAsync<CommitOutcomeUnknownException>(async () => await commits.SendAsync(first, await PutFilesAsync(table, table.Commit(first)), null, Token));
            queue.ApplyNext();
            Assert.Contains(first.FileNamePrefix, table.Bodies()[0].ToString(), StringComparison.Ordinal);
            Assert.Single(table.Numbers());
        }
    }

    /// <summary>Between the look at the log and the claim another run's entry comes, and its claim goes.</summary>
    [Fact]
    public async Task Who_claims_looks_at_the_log_afterwards()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        var bucket = new ScriptedObjectStore(table.Bucket);
        var (otherStore, otherCommits) = Open(table, queue, seed: 8, bucket);
        using (otherStore)
        {
            var second = await otherStore.BeginAttemptAsync("id", Token);
            bucket.BeforePut = async _ =>
            {
                bucket.BeforePut = null;
                var sent = await SendAsync(table, store, commits, "id", null);
                queue.ApplyNext();
                await commits.WaitAsync("id", sent, TimeSpan.FromSeconds(5), Token);
                Assert.Empty(await OthersAsync(table));
            };
            var found = await otherCommits.SendAsync(second, table.Commit(second), null, Token);

            Assert.True(found is { IsQueued: false, AlreadyCommitted: true, TransactionNumber: 1 });
            Assert.Single(queue.Sent);
            Assert.Equal([1L], table.Numbers());
        }
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_leaves_the_end_unknown_and_not_called_off()
    {
        var (table, queue, store, commits) = await MakeAsync();
        using var _ = store;
        var sent = await SendAsync(table, store, commits, "id", null);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => commits.WaitAsync("id", sent, TimeSpan.FromMinutes(5), cancelled.Token));
        queue.ApplyNext();
        Assert.Equal(1, (await store.FindCommitAsync("id", Token))!.TransactionNumber);
    }

    /// <summary>Each request in turn, with and without its effect: queued, or failed and called off, or unknown; and the ingest, run again, is committed once, with files that are there.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 1000)]
    [InlineData(true, 1000)]
    public async Task Whichever_request_of_a_queued_commit_fails_the_ingest_is_committed_once(bool hasEffect, int files)
    {
        var ends = new List<string>();
        for (int failing = 1; await RunFaultedAsync(failing, hasEffect, files) is { } end; failing++)
        {
            ends.Add(end);
        }

        // Two logs, claim, log, send, and the look for claims of others at the end; before them the body, if it is long.
        Assert.Equal(files == 1 ? 6 : 7, ends.Count);
        Assert.Contains("failed", ends);
        Assert.Contains("unknown", ends);
        Assert.Equal(2, ends.Count(e => e == "queued")); // the send is repeated, and the look is no matter
    }

    /// <returns>How the commit ended; null if it made fewer requests.</returns>
    private static async Task<string?> RunFaultedAsync(int failing, bool hasEffect, int files)
    {
        var table = await LiveTable.CreateAsync();
        var queue = new CommitterDouble(table);
        var bucket = new ScriptedObjectStore(table.Bucket);
        int requests = -1;
        bool IsDue() => requests >= 0 && ++requests == failing;
        bucket.Fault = (_, _) => !IsDue() ? ScriptedFault.None : hasEffect ? ScriptedFault.After : ScriptedFault.Before;
        table.DynamoDb.Fault = _ => !IsDue() ? DynamoDbFault.None : hasEffect ? DynamoDbFault.LostReply : DynamoDbFault.ErrorBefore;
        queue.Fault = _ => !IsDue() ? null : hasEffect ? "after" : "before";
        var (store, commits) = Open(table, queue, seed: 7, bucket);
        var (otherStore, otherCommits) = Open(table, queue, seed: 8);
        using (store)
        using (otherStore)
        {
            var first = await store.BeginAttemptAsync("id", Token);
            var commit = await PutFilesAsync(table, table.Commit(first, files: files));
            requests = 0;
            string end = await EndOfAsync(() => commits.SendAsync(first, commit, Job, Token));
            if (requests < failing)
            {
                return null;
            }

            requests = -1;
            foreach (var file in end == "failed" ? commit.Files : [])
            {
                await table.Bucket.DeleteAsync(LiveTablePaths.KeyOf(file.FileName), Token);
            }

            var other = new RoutedStateStore(otherStore, otherCommits, new CommitRoute(IsQueued: true));
            var second = await other.BeginAttemptAsync("id", Token);
            if (second.Committed is null)
            {
                await other.CommitAsync(second, await PutFilesAsync(table, table.Commit(second, files: files)), Token);
            }

            while (queue.Waiting.Count > 0)
            {
                queue.ApplyNext();
            }

            Assert.Equal([1L], table.Numbers());
            var committed = (await otherStore.FindCommitAsync("id", Token))!;
            Assert.Equal(second.Committed is null, committed.Files[0].FileName.Contains(second.AttemptId, StringComparison.Ordinal));
            Assert.True(await new CommitClaims(table.Bucket, table.Paths).HasFilesAsync(committed.Files, Token), $"{end} after {failing}: an entry names a file that was removed.");
            return end;
        }
    }

    private static async Task<string> EndOfAsync(Func<Task<CommitResult>> send)
    {
        try
        {
            Assert.True((await send()).IsQueued);
            return "queued";
        }
        catch (CommitFailedException)
        {
            return "failed";
        }
        catch (CommitOutcomeUnknownException)
        {
            return "unknown";
        }
    }

    private static JsonElement Message(string file)
    {
        string path = RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "live-instance", "messages", file);
        return JsonDocument.Parse(JsonDocument.Parse(File.ReadAllText(path, Encoding.UTF8)).RootElement.GetProperty("Body").GetString()!).RootElement.Clone();
    }

    /// <summary>Names and kinds of members, depth first, of arrays those of the first element.</summary>
    internal static string MemberTree(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', json.EnumerateObject().Select(m => m.Name + ":" + MemberTree(m.Value))) + "}",
        JsonValueKind.Array => "[" + MemberTree(json[0]) + "]",
        JsonValueKind.True or JsonValueKind.False => "flag",
        _ => json.ValueKind.ToString(),
    };

    private static async Task<(LiveTable Table, CommitterDouble Queue, DynamoDbStateStore Store, QueuedCommits Commits)> MakeAsync()
    {
        var table = await LiveTable.CreateAsync();
        var queue = new CommitterDouble(table);
        var (store, commits) = Open(table, queue, seed: 7);
        return (table, queue, store, commits);
    }

    /// <summary>As another process would have them.</summary>
    private static (DynamoDbStateStore Store, QueuedCommits Commits) Open(LiveTable table, CommitterDouble queue, int seed, IObjectStore? bucket = null)
    {
        var options = TableFixture.Options(seed, new StateStoreClock { Patience = TimeSpan.FromSeconds(60) });
        var store = new DynamoDbStateStore(table.DynamoDb.NewClient(), table.Identity with { DataBucket = bucket ?? table.Bucket }, new LiveStoreSettings(), options);
        return (store, new QueuedCommits(store, new CommitClaims(bucket ?? table.Bucket, table.Paths), LiveTable.TableId, () => queue, options));
    }

    private static async Task<IngestCommit> PutFilesAsync(LiveTable table, IngestCommit commit)
    {
        foreach (var file in commit.Files)
        {
            await table.Bucket.PutAsync(LiveTablePaths.KeyOf(file.FileName), "data"u8.ToArray(), Token);
        }

        return commit;
    }

    /// <summary>What lies in the bucket besides data files.</summary>
    private static async Task<IEnumerable<string>> OthersAsync(LiveTable table) =>
        (await TableFixture.ObjectsAsync(table.Bucket)).Where(o => !o.Contains("/data/", StringComparison.Ordinal));

    private static async Task<CommitResult> SendAsync(LiveTable table, DynamoDbStateStore store, QueuedCommits commits, string id, CommitJob? job, int files = 1)
    {
        var attempt = await store.BeginAttemptAsync(id, Token);
        var queued = await commits.SendAsync(attempt, await PutFilesAsync(table, table.Commit(attempt, files: files)), job, Token);
        Assert.True(queued is { IsQueued: true, TransactionNumber: 0, AlreadyCommitted: false });
        return queued;
    }
}
