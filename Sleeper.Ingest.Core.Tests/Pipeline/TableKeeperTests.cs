using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Pipeline;

/// <summary>A factory keeps its table open between writers, and never serves one that is another by now.</summary>
public sealed class TableKeeperTests : IDisposable
{
    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).Build();

    private readonly InMemoryObjectStore _memory = new();
    private readonly TemporaryFolder _spill = new();
    private readonly ScriptedObjectStore _store;

    public TableKeeperTests() => _store = new ScriptedObjectStore(_memory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _spill.Dispose();

    [Fact]
    public async Task The_second_writer_of_a_factory_does_not_read_the_log_again()
    {
        await IngestAsync(Factory(_memory), 1, 40);
        var factory = Factory();
        await IngestAsync(factory, 41, 1);
        Assert.True(LogReads() > 40, "The first writer reads the log.");

        _store.ForgetCalls();
        await IngestAsync(factory, 42, 1);

        Assert.InRange(LogReads(), 1, 4);
        Assert.DoesNotContain(_store.Calls, call => call.StartsWith("list", StringComparison.Ordinal));
        Assert.Equal(42, (await KeysAsync()).Count);

        int LogReads() => _store.Calls.Count(call => call.StartsWith("open default/log/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_others_commit_in_between_is_seen()
    {
        var factory = Factory();
        await IngestAsync(factory, 1, 1);
        await IngestAsync(Factory(), 2, 3, "theirs");

        await IngestAsync(factory, 5, 1);
        await using var again = await Factory().WithIngestId("theirs-2").OpenAsync(Token);

        Assert.True(again.IsAlreadyCommitted);
        Assert.Equal([1, 2, 3, 4, 5], await KeysAsync());
    }

    [Fact]
    public async Task A_table_that_was_dropped_and_made_anew_is_opened_anew()
    {
        var factory = Factory();
        await IngestAsync(factory, 1, 3);
        await Table.DropAsync(_memory, "default", Token);
        await IngestAsync(Factory(), 10, 1);

        var result = await IngestAsync(factory, 11, 1);

        Assert.Equal(2, result.CommitNumber);
        Assert.Equal([10, 11], await KeysAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_table_that_was_dropped_is_made_anew_only_by_who_brings_a_schema(bool hasSchema)
    {
        await IngestAsync(Factory(), 1, 1);
        var factory = hasSchema ? Factory() : IngestFactory.Create().UseObjectStore(_store).WithSpillFolder(_spill.Path);
        await IngestAsync(factory, 2, 1);
        await Table.DropAsync(_memory, "default", Token);

        if (hasSchema)
        {
            Assert.Equal(1, (await IngestAsync(factory, 3, 1)).CommitNumber);
            Assert.Equal([3], await KeysAsync());
        }
        else
        {
            await Assert.ThrowsAsync<TableNotFoundException>(() => factory.OpenAsync(Token));
            Assert.Empty(await TableFixture.ObjectsAsync(_memory, ""));
        }
    }

    [Fact]
    public async Task A_table_that_was_put_back_to_an_older_copy_is_opened_anew()
    {
        var factory = Factory();
        await IngestAsync(factory, 1, 2);
        var copy = await StoreRequestsOf.CopyAsync(_memory);
        await IngestAsync(factory, 3, 2);
        await Table.DropAsync(_memory, "default", Token);
        foreach (string path in await TableFixture.ObjectsAsync(copy, ""))
        {
            await _memory.PutAsync(path, await TableFixture.ReadAsync(copy, path), Token);
        }

        var result = await IngestAsync(factory, 5, 1);

        Assert.Equal(3, result.CommitNumber);
        Assert.Equal([1, 2, 5], await KeysAsync());
    }

    [Theory]
    [InlineData("create", "/data/")]
    [InlineData("flush", "/data/")]
    [InlineData("put", "/ingests/")]
    public async Task After_a_failure_the_next_writer_opens_the_table_anew(string verb, string place)
    {
        var factory = Factory();
        await IngestAsync(factory, 1, 1);
        _store.Fault = (v, path) => v == verb && path.Contains(place, StringComparison.Ordinal) ? ScriptedFault.Before : ScriptedFault.None;
        await Assert.ThrowsAnyAsync<Exception>(() => IngestAsync(factory, 2, 1));
        _store.Fault = (_, _) => ScriptedFault.None;

        Assert.True(await OpensAnewAsync(factory));
        Assert.False(await OpensAnewAsync(factory));
        Assert.Equal([1], await KeysAsync());
    }

    [Fact]
    public async Task A_bad_row_or_a_cancelled_call_drops_what_is_kept_too()
    {
        var factory = Factory();
        await IngestAsync(factory, 1, 1);
        await using (var writer = await factory.OpenAsync(Token))
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await writer.WriteAsync(new Row(Schema, FieldValue.Null), Token));
        }

        Assert.True(await OpensAnewAsync(factory));
    }

    [Fact]
    public async Task What_fails_after_a_commit_drops_what_is_kept_though_the_commit_is_good()
    {
        var factory = Factory();
        await IngestAsync(factory, 1, 1);
        _store.Fault = (verb, path) => verb == "put-if-absent" && path.Contains("/snapshots/", StringComparison.Ordinal)
            || (verb == "create" && path.Contains("/snapshots/", StringComparison.Ordinal)) ? ScriptedFault.Before : ScriptedFault.None;
        await IngestAsync(factory, 2, 255);
        _store.Fault = (_, _) => ScriptedFault.None;

        Assert.True(await OpensAnewAsync(factory));
        Assert.Equal(256, (await KeysAsync()).Count);
    }

    [Fact]
    public async Task A_factory_whose_settings_change_opens_anew_and_keeps_the_other_table_apart()
    {
        var factory = Factory();
        await IngestAsync(factory, 1, 1);
        factory.WithTable("other");
        await IngestAsync(factory, 2, 1);

        Assert.Equal([1], await KeysAsync());
        Assert.Equal([2], await KeysAsync("other"));
    }

    [Fact]
    public async Task Writers_that_are_open_at_once_share_the_table_and_lose_no_row()
    {
        var factory = Factory();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(() => IngestAsync(factory, 100 * writer, 12), Token)));

        Assert.Equal(96, (await KeysAsync()).Distinct().Count());
        Assert.Empty(await SmallIngest.StrayObjectsAsync(_memory));
    }

    private async Task<bool> OpensAnewAsync(IngestFactory factory)
    {
        _store.ForgetCalls();
        await using var writer = await factory.OpenAsync(Token);
        return _store.Calls.Any(call => call.StartsWith("list", StringComparison.Ordinal));
    }

    private IngestFactory Factory(IObjectStore? store = null) =>
        IngestFactory.Create().UseObjectStore(store ?? _store).WithSchema(Schema).WithSpillFolder(_spill.Path).WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1);

    /// <summary>So many ingests of one row each.</summary>
    private static async Task<IngestResult> IngestAsync(IngestFactory factory, long firstKey, int count, string? id = null)
    {
        IngestResult? result = null;
        for (int i = 0; i < count; i++)
        {
            await using var writer = await (id is null ? factory : factory.WithIngestId($"{id}-{i}")).OpenAsync(Token);
            await writer.WriteAsync(new Row(Schema, firstKey + i), Token);
            result = await writer.CompleteAsync(Token);
        }

        return result!;
    }

    private async Task<List<long>> KeysAsync(string table = "default")
    {
        var keys = new List<long>();
        await foreach (var row in (await Table.OpenAsync(_memory, table, Token)).ReadAsync(Token))
        {
            keys.Add(row.GetLong(0));
        }

        return keys;
    }
}
