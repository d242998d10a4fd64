using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

/// <summary>The same table in a folder, with all its syncs.</summary>
public sealed class LocalTableTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("own-table-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Make_commit_find_resolve_list_and_drop_in_a_folder()
    {
        var store = new LocalObjectStore(_root);
        using (var table = await CreateAsync(store))
        {
            var first = await CommitAsync(table.StateStore, "one");
            var attempt = await table.StateStore.BeginAttemptAsync("two", Token);
            Assert.Null((await table.StateStore.ResolveAsync("two", Token)).Committed);
            await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(attempt, Commit(attempt), Token));
            await table.StateStore.AbandonAsync(attempt, Token);
            Assert.Equal(1, first.TransactionNumber);
        }

        using (var again = await OpenAsync(new LocalObjectStore(_root), 2))
        {
            Assert.NotNull((await again.StateStore.ResolveAsync("one", Token)).Committed);
            Assert.Equal(3, (await CommitAsync(again.StateStore, "two")).TransactionNumber);
            Assert.Equal(2, (await again.StateStore.LoadStateAsync(Token)).References.Count);
        }

        var names = new List<string>();
        await foreach (string name in TableCatalog.ListAsync(store, Token))
        {
            names.Add(name);
        }

        Assert.Equal([Name], names);
        Assert.True(await TableCatalog.DropAsync(store, Name, Token));
        Assert.Empty(await ObjectsAsync(store));
    }

    [Fact]
    public async Task Two_stores_racing_in_a_folder_lose_nothing()
    {
        var store = new LocalObjectStore(_root, new LocalObjectStoreOptions { Durable = false });
        using var one = await CreateAsync(store, Options(1, TimeProvider.System));
        using var two = await OpenAsync(store, 2, TimeProvider.System);
        await Task.WhenAll(((OwnTable[])[one, two]).Select((table, writer) => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                await CommitAsync(table.StateStore, $"{writer}-{i}");
            }
        })));
        var state = await one.StateStore.LoadStateAsync(Token);
        Assert.Equal((200, 200), (state.TransactionNumber, state.References.Count));
    }
}
