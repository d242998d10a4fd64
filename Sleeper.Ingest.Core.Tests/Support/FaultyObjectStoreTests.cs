using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The fault script does what it says; without faults the wrapper keeps the contract of the store behind it.</summary>
public sealed class FaultyObjectStoreTests : ObjectStoreContractTests
{
    private readonly FaultyObjectStore _store = new(new InMemoryObjectStore());

    protected override IObjectStore Store => _store;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fails_before_without_effect_on_the_call_and_path_asked_for()
    {
        var fault = _store.FailBefore(StoreOperation.PutIfAbsent, static path => path.StartsWith("log/", StringComparison.Ordinal), call: 2);
        Assert.True(await _store.PutIfAbsentAsync("data/1", Bytes("x"), Token));
        Assert.True(await _store.PutIfAbsentAsync("log/1", Bytes("x"), Token));
        await Assert.ThrowsAsync<ObjectStoreException>(() => _store.PutIfAbsentAsync("log/2", Bytes("x"), Token));
        Assert.Null(await _store.Inner.HeadAsync("log/2", Token));
        Assert.True(await _store.PutIfAbsentAsync("log/2", Bytes("x"), Token));
        Assert.Equal(1, fault.StrikeCount);
        Assert.Equal(4, _store.Count(StoreOperation.PutIfAbsent));
    }

    [Fact]
    public async Task Fails_after_with_effect()
    {
        _store.FailAfter(StoreOperation.PutIfAbsent);
        await Assert.ThrowsAsync<ObjectStoreException>(() => _store.PutIfAbsentAsync("log/1", Bytes("x"), Token));
        Assert.NotNull(await _store.Inner.HeadAsync("log/1", Token));
    }

    [Fact]
    public async Task Holds_a_call_until_it_is_released()
    {
        var hold = _store.HoldBefore(StoreOperation.Put);
        var put = _store.PutAsync("a", Bytes("x"), Token);
        await hold.Reached;
        Assert.False(put.IsCompleted);
        Assert.Null(await _store.Inner.HeadAsync("a", Token));
        hold.Release();
        await put;
        Assert.NotNull(await _store.Inner.HeadAsync("a", Token));
    }

    [Fact]
    public async Task Breaks_writers_readers_and_barriers_too()
    {
        _store.FailBefore(StoreOperation.Append);
        _store.FailAfter(StoreOperation.Complete);
        _store.FailBefore(StoreOperation.Read);
        _store.FailBefore(StoreOperation.Flush);
        await using var writer = await _store.CreateAsync("a", Token);
        await Assert.ThrowsAsync<ObjectStoreException>(async () => await writer.AppendAsync(Bytes("x"), Token));
        await writer.AppendAsync(Bytes("y"), Token);
        await Assert.ThrowsAsync<ObjectStoreException>(async () => await writer.CompleteAsync(Token));
        await using var reader = (await _store.OpenAsync("a", Token))!;
        await Assert.ThrowsAsync<ObjectStoreException>(async () => await reader.ReadAsync(0, new byte[1], Token));
        Assert.Equal("y", await ReadTextAsync("a"));
        await using var barrier = await _store.OpenBarrierAsync(Token);
        await Assert.ThrowsAsync<IOException>(async () => await barrier.FlushAsync(["a"], Token));
    }
}
