using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.ObjectStores;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

/// <summary>Commits on a disk that fails at the log: a put without effect is a failure at once, a sync that failed is never made good by a later one.</summary>
public sealed class LocalTableFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string? _failing;
    private int _errorCode = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("create", 28, true)]
    [InlineData("write", 28, true)]
    [InlineData("write", 5, false)]
    [InlineData("sync", 5, false)]
    public async Task An_entry_that_could_not_be_written_is_a_failed_commit_at_once_and_the_next_try_may_succeed(string operation, int code, bool isRetryable)
    {
        using var table = await CreateAsync(NewStore());
        var attempt = await table.StateStore.BeginAttemptAsync("a", Token);
        (_failing, _errorCode) = (operation, code);
        var error = await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt), Token));
        Assert.Equal(isRetryable, error.IsRetryable);
        Assert.Contains("log/files/00000000000000000001.json", error.Message, StringComparison.Ordinal);
        _failing = null;
        Assert.Equal(1, (await table.StateStore.CommitAsync(attempt, Commit(attempt), Token)).TransactionNumber);
    }

    [Fact]
    public async Task An_entry_whose_folder_was_not_synced_is_unknown_until_the_table_is_opened_anew()
    {
        using var table = await CreateAsync(NewStore());
        var attempt = await table.StateStore.BeginAttemptAsync("a", Token);
        _failing = "sync-folder";
        var unknown = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt), Token));
        Assert.Contains("open the store anew", unknown.ToString(), StringComparison.Ordinal);
        _failing = null;

        // The disk answers again; but that its next sync succeeds proves nothing.
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt), Token));
        await Assert.ThrowsAnyAsync<Exception>(() => table.StateStore.ResolveAsync("a", Token));
        var other = await table.StateStore.BeginAttemptAsync("b", Token);
        await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(other, Commit(other), Token));

        using var afresh = await OpenAsync(NewStore(), seed: 2);
        Assert.Equal(1, (await afresh.StateStore.ResolveAsync("a", Token)).Committed?.TransactionNumber);
        Assert.Equal(2, (await CommitAsync(afresh.StateStore, "b")).TransactionNumber);
    }

    /// <summary>A store on the real disk; what is set to fail fails below the files log only.</summary>
    private LocalObjectStore NewStore() => new(_folder.Path, null, new FaultyFileSystem((operation, path) =>
    {
        if (operation == _failing && path.Contains(Path.Combine("log", "files"), StringComparison.Ordinal))
        {
            throw new IOException($"Injected for '{path}'.", _errorCode);
        }
    }));
}
