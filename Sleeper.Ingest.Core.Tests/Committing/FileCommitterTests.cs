using Sleeper.Ingest.Core.Committing;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.Committing;

/// <summary>Each end of a commit, and what becomes of the objects.</summary>
public sealed class FileCommitterTests : IAsyncLifetime
{
    private readonly InMemoryObjectStore _memory = new();
    private readonly List<string> _complaints = [];
    private ScriptedObjectStore _store = null!;
    private OwnTable _table = null!;
    private FileCommitter _committer = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = new ScriptedObjectStore(_memory);
        _table = await CreateAsync(_store);
        _committer = new FileCommitter(_table.StateStore, _store, (message, _) =>
        {
            lock (_complaints)
            {
                _complaints.Add(message);
            }
        });
        await CommitAsync(_table.StateStore, "before");
        _store.ForgetCalls();
    }

    public ValueTask DisposeAsync()
    {
        _table.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Objects_are_durable_before_the_entry_is_put()
    {
        var (attempt, commit, objects) = await WriteAsync("id");
        await using var barrier = await _store.OpenBarrierAsync(Token);
        var outcome = await _committer.CommitAsync(attempt, commit, objects, barrier, Token);
        Assert.Equal((CommitEnd.Committed, 2L), (outcome.End, outcome.Result!.TransactionNumber));
        var calls = _store.Calls.ToList();
        int put = calls.FindIndex(c => c.StartsWith("put-if-absent", StringComparison.Ordinal));
        Assert.Equal(objects.Select(o => $"flush {o}"), calls.Take(put).Where(c => c.StartsWith("flush", StringComparison.Ordinal)));
        Assert.Equal(objects.Order(), await ObjectsAsync(_memory, "events/data/"));
        Assert.Empty(await ObjectsAsync(_memory, "events/ingests/"));
    }

    [Fact]
    public async Task No_rows_write_nothing_at_all()
    {
        var before = await ObjectsAsync(_memory);
        var outcome = await _committer.CommitAsync(null, new IngestCommit([], 0, 1), [], null, Token);
        Assert.Equal(new CommitOutcome(CommitEnd.NothingToCommit, null), outcome);
        Assert.Equal(before, await ObjectsAsync(_memory));
        Assert.Empty(_store.Calls);
        Assert.Equal(CommitEnd.NothingToCommit, (await _committer.CommitAsync(await BeginAsync("late"), new IngestCommit([], 0, 1), [], null, Token)).End);
        Assert.Equal(before, await ObjectsAsync(_memory));
    }

    [Fact]
    public async Task Who_comes_second_gets_the_first_result_and_removes_only_its_own_objects()
    {
        var (first, firstCommit, firstObjects) = await WriteAsync("id");
        var (second, secondCommit, secondObjects) = await WriteAsync("id");
        await _committer.CommitAsync(first, firstCommit, firstObjects, null, Token);
        var outcome = await _committer.CommitAsync(second, secondCommit, secondObjects, null, Token);
        Assert.Equal((CommitEnd.AlreadyCommitted, 2L, true), (outcome.End, outcome.Result!.TransactionNumber, outcome.Result.AlreadyCommitted));
        Assert.Equal(firstObjects.Order(), await ObjectsAsync(_memory, "events/data/"));
        Assert.Empty(await ObjectsAsync(_memory, "events/ingests/"));

        var third = await BeginAsync("id");
        Assert.Equal(CommitEnd.AlreadyCommitted, (await _committer.CommitAsync(third, Commit(third), [], null, Token)).End);
    }

    [Fact]
    public async Task A_disk_that_cannot_sync_fails_the_commit_and_the_objects_go()
    {
        var (attempt, commit, objects) = await WriteAsync("id");
        await using var barrier = await _store.OpenBarrierAsync(Token);
        _store.Fault = (verb, _) => verb == "flush" ? ScriptedFault.Before : ScriptedFault.None;
        var failed = await Assert.ThrowsAsync<CommitFailedException>(() => _committer.CommitAsync(attempt, commit, objects, barrier, Token));
        Assert.IsType<IOException>(failed.InnerException);
        await AssertNothingLeftAsync("id");
    }

    [Fact]
    public async Task A_cancellation_in_time_removes_the_objects()
    {
        var (attempt, commit, objects) = await WriteAsync("id");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _committer.CommitAsync(attempt, commit, objects, null, new CancellationToken(true)));
        await AssertNothingLeftAsync("id");
    }

    [Fact]
    public async Task A_failed_commit_names_what_could_not_be_removed_and_keeps_the_intent()
    {
        var (attempt, commit, objects) = await WriteAsync("id");
        await _table.StateStore.ResolveAsync("id", Token);
        _store.Fault = (verb, path) => verb == "delete" && path == objects[1] ? ScriptedFault.Before : ScriptedFault.None;
        var failed = await Assert.ThrowsAsync<CommitFailedException>(() => _committer.CommitAsync(attempt, commit, objects, null, Token));
        Assert.Equal([objects[1]], failed.LeftObjects);
        Assert.Contains(objects[1], failed.Message);
        Assert.IsType<CommitFailedException>(failed.InnerException);
        Assert.Single(await ObjectsAsync(_memory, "events/ingests/"));
        Assert.Single(_complaints);
    }

    [Fact]
    public async Task An_unknown_end_keeps_everything_even_when_somebody_asks_to_discard_it()
    {
        var (attempt, commit, objects) = await WriteAsync("id");
        _store.Fault = (verb, path) => !path.Contains("/log/", StringComparison.Ordinal) ? ScriptedFault.None
            : verb == "put-if-absent" ? ScriptedFault.After : ScriptedFault.Before;
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => _committer.CommitAsync(attempt, commit, objects, null, Token));
        Assert.Equal(objects, await _committer.DiscardAsync(attempt, objects));
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => _committer.CommitAsync(attempt, commit, objects, null, new CancellationToken(true)));
        Assert.Equal(objects.Order(), await ObjectsAsync(_memory, "events/data/"));
        Assert.Single(await ObjectsAsync(_memory, "events/ingests/"));
        _store.Fault = (_, _) => ScriptedFault.None;
        Assert.NotNull((await _table.StateStore.ResolveAsync("id", Token)).Committed);
    }

    [Fact]
    public async Task An_intent_that_cannot_be_removed_does_not_undo_a_commit()
    {
        var (attempt, commit, objects) = await WriteAsync("id");
        _store.Fault = (verb, _) => verb == "delete" ? ScriptedFault.Before : ScriptedFault.None;
        Assert.Equal(CommitEnd.Committed, (await _committer.CommitAsync(attempt, commit, objects, null, Token)).End);
        Assert.Equal(objects.Order(), await ObjectsAsync(_memory, "events/data/"));
    }

    private Task<IngestAttempt> BeginAsync(string id) => _table.StateStore.BeginAttemptAsync(id, Token);

    private async Task<(IngestAttempt Attempt, IngestCommit Commit, string[] Objects)> WriteAsync(string id)
    {
        var attempt = await BeginAsync(id);
        var commit = Commit(attempt, files: 2);
        string[] objects = [.. commit.Files.SelectMany(f => (string[])[f.FileName, DataFileNames.SketchesPath(f.FileName)]).Select(_table.Paths.InStore)];
        foreach (string path in objects)
        {
            await _memory.PutAsync(path, new byte[10], Token);
        }

        return (attempt, commit, objects);
    }

    private async Task AssertNothingLeftAsync(string id)
    {
        Assert.Empty(await ObjectsAsync(_memory, "events/data/"));
        Assert.Empty(await ObjectsAsync(_memory, "events/ingests/"));
        Assert.Null(await _table.StateStore.FindCommitAsync(id, Token));
        Assert.Empty(_complaints);
    }
}
