using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Queues;

/// <summary>The contract over a queue in a local folder, and what is such a queue's own.</summary>
public sealed class ObjectStoreQueueTests : MessageQueueContractTests, IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_lease_that_ran_out_by_the_stores_time_is_anybodys()
    {
        var (store, clock) = NewStore();
        var first = new ObjectStoreQueue(store, "q", new() { Clock = clock });
        var second = new ObjectStoreQueue(store, "q", new() { Clock = clock });
        await first.SendAsync("m");
        var lost = await first.ReceiveAsync(TimeSpan.Zero, Lease);

        clock.Advance(Lease);
        Assert.Null(await second.ReceiveAsync(TimeSpan.Zero, Lease)); // whole seconds: it may have some left
        clock.Advance(TimeSpan.FromSeconds(3));
        var taken = await second.ReceiveAsync(TimeSpan.Zero, Lease);

        Assert.Equal((lost!.Id, 2), (taken!.Id, taken.ReceiveCount));
        Assert.False(await first.KeepAsync(lost, Lease));
        Assert.True(await second.KeepAsync(taken, Lease));
    }

    [Fact]
    public async Task A_kept_lease_lasts_from_when_it_was_kept()
    {
        var (store, clock) = NewStore();
        var first = new ObjectStoreQueue(store, "q", new() { Clock = clock });
        await first.SendAsync("m");
        var message = await first.ReceiveAsync(TimeSpan.Zero, Lease);
        clock.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.True(await first.KeepAsync(message!, Lease));

        clock.Advance(TimeSpan.FromMinutes(4));

        Assert.Null(await new ObjectStoreQueue(store, "q", new() { Clock = clock }).ReceiveAsync(TimeSpan.Zero, Lease));
    }

    [Fact]
    public async Task Whoever_gives_back_after_losing_the_lease_changes_nothing()
    {
        var (store, clock) = NewStore();
        var first = new ObjectStoreQueue(store, "q", new() { Clock = clock });
        var second = new ObjectStoreQueue(store, "q", new() { Clock = clock });
        await first.SendAsync("m");
        var lost = await first.ReceiveAsync(TimeSpan.Zero, Lease);
        clock.Advance(Lease + TimeSpan.FromSeconds(3));
        var taken = await second.ReceiveAsync(TimeSpan.Zero, Lease);

        await first.GiveBackAsync(lost!, TimeSpan.Zero);

        Assert.Null(await first.ReceiveAsync(TimeSpan.Zero, Lease));
        Assert.True(await second.KeepAsync(taken!, Lease));
    }

    [Theory]
    [InlineData("job.json")]
    [InlineData("über 日本 100% +&=.json")]
    [InlineData("a..b.json")]
    public async Task A_file_put_into_the_folder_by_hand_is_a_message(string name)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, name), "\uFEFF{\"id\":\"é\"}", System.Text.Encoding.UTF8);
        var queue = new ObjectStoreQueue(_folder.Path, new() { SettleTime = TimeSpan.FromMilliseconds(20), PollInterval = TimeSpan.FromMilliseconds(10) });

        var message = await queue.ReceiveAsync(TimeSpan.FromSeconds(10), Lease);

        Assert.Equal("{\"id\":\"é\"}", message!.Body?.TrimStart('\uFEFF'));
        Assert.StartsWith(name[..^5] + "@", message.Id, StringComparison.Ordinal);
        await queue.DeleteAsync(message);
        Assert.DoesNotContain(_folder.Files, f => f.EndsWith(".json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_is_still_being_written_is_not_received()
    {
        var clock = new ManualClock();
        var queue = new ObjectStoreQueue(new LocalObjectStore(_folder.Path), "", new() { Clock = clock, SettleTime = TimeSpan.FromSeconds(1) });
        string file = Path.Combine(_folder.Path, "job.json");
        await File.WriteAllTextAsync(file, "{\"id\":");
        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease));
        clock.Advance(TimeSpan.FromSeconds(10));
        await File.AppendAllTextAsync(file, "\"a\"}");
        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease));
        clock.Advance(TimeSpan.FromSeconds(10));

        var message = await queue.ReceiveAsync(TimeSpan.Zero, Lease);

        Assert.Equal("{\"id\":\"a\"}", message!.Body);
    }

    [Fact]
    public async Task A_file_written_anew_is_another_message_and_survives_the_end_of_the_old_one()
    {
        var queue = new ObjectStoreQueue(_folder.Path, new() { SettleTime = TimeSpan.Zero });
        string file = Path.Combine(_folder.Path, "job.json");
        await File.WriteAllTextAsync(file, "1");
        var first = await queue.ReceiveAsync(TimeSpan.FromSeconds(2), Lease);
        await File.WriteAllTextAsync(file, "2");
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddSeconds(5));

        await queue.DeleteAsync(first!);
        var second = await queue.ReceiveAsync(TimeSpan.FromSeconds(2), Lease);

        Assert.Equal(("2", 1), (second!.Body, second.ReceiveCount));
        Assert.NotEqual(first!.Id, second.Id);
    }

    [Fact]
    public async Task Only_json_files_of_the_folder_itself_are_messages()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "more"));
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "more", "job.json"), "{}");
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "data.parquet"), "PAR1");
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, ".hidden.json"), "{}");
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "zz\n.json"), "{}");
        var queue = new ObjectStoreQueue(_folder.Path, new() { SettleTime = TimeSpan.Zero });

        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease));
        await queue.SendAsync("m");
        Assert.Equal("m", (await queue.ReceiveAsync(TimeSpan.FromSeconds(5), Lease))?.Body);
    }

    [Fact]
    public async Task Dead_letters_lie_in_the_folder_with_their_reason()
    {
        var queue = new ObjectStoreQueue(_folder.Path, new() { MaxReceiveCount = 1 });
        string id = await queue.SendAsync("bad");
        await queue.GiveBackAsync((await queue.ReceiveAsync(TimeSpan.Zero, Lease))!, TimeSpan.Zero, "the third column is a date");

        Assert.Null(await queue.ReceiveAsync(TimeSpan.FromMilliseconds(1), Lease));

        Assert.Equal("bad", await File.ReadAllTextAsync(Path.Combine(_folder.Path, "dead", id + ".json")));
        Assert.Equal(
            "Received 1 times. The last reason: the third column is a date\n", await File.ReadAllTextAsync(Path.Combine(_folder.Path, "dead", id + ".json.reason")));
    }

    [Fact]
    public async Task A_second_message_of_one_deduplication_id_is_dropped_while_the_first_is_there()
    {
        var queue = await NewQueueAsync();
        var options = new QueueSendOptions { DeduplicationId = "day 1" };
        Assert.Equal(await queue.SendAsync("a", options), await queue.SendAsync("b", options));
        Assert.Equal(1, await queue.CountAsync());
        var first = await queue.ReceiveAsync(TimeSpan.Zero, Lease);
        Assert.Equal("a", first!.Body);
        await queue.DeleteAsync(first);

        await queue.SendAsync("c", options);

        Assert.Equal("c", (await queue.ReceiveAsync(TimeSpan.FromSeconds(3), Lease))?.Body);
    }

    [Fact]
    public async Task Nothing_is_left_of_messages_that_are_done()
    {
        var queue = await NewQueueAsync();
        for (int i = 0; i < 5; i++)
        {
            await queue.SendAsync("m");
            var message = await queue.ReceiveAsync(TimeSpan.FromSeconds(3), Lease);
            await queue.KeepAsync(message!, Lease);
            await queue.DeleteAsync(message!);
        }

        Assert.DoesNotContain(_folder.Files, f => !f.EndsWith("clock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Leases_of_a_message_that_is_gone_are_removed_a_day_later()
    {
        var (store, clock) = NewStore();
        var queue = new ObjectStoreQueue(store, "q", new() { Clock = clock });
        string id = await queue.SendAsync("m");
        await queue.ReceiveAsync(TimeSpan.Zero, Lease);
        await store.DeleteAsync($"q/{id}.json"); // and then its receiver died
        clock.Advance(TimeSpan.FromHours(23));
        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease));
        Assert.Contains(await PathsAsync(store), p => p.StartsWith("q/leases/", StringComparison.Ordinal) && p != "q/leases/clock");
        clock.Advance(TimeSpan.FromHours(2));

        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease));

        Assert.Equal(["q/leases/clock"], await PathsAsync(store));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lease_whose_answer_was_lost_is_the_receivers(bool isBefore)
    {
        var store = new ScriptedObjectStore(new InMemoryObjectStore());
        var queue = new ObjectStoreQueue(store);
        await queue.SendAsync("m");
        bool faulty = true;
        store.Fault = (verb, path) => faulty && verb == "put-if-absent" && path.StartsWith("leases/", StringComparison.Ordinal) ? isBefore ? ScriptedFault.Before : ScriptedFault.After : ScriptedFault.None;

        if (isBefore)
        {
            await Assert.ThrowsAsync<IOException>(() => queue.ReceiveAsync(TimeSpan.Zero, Lease));
            faulty = false;
        }

        var message = await queue.ReceiveAsync(TimeSpan.Zero, Lease);
        Assert.Equal(("m", 1), (message?.Body, message?.ReceiveCount));
        Assert.True(await queue.KeepAsync(message!, Lease));
    }

    [Fact]
    public void Settings_out_of_their_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new ObjectStoreQueue(_folder.Path, new() { MaxReceiveCount = 0 }));
        Assert.Throws<ArgumentException>(() => new ObjectStoreQueue(new InMemoryObjectStore(), "../elsewhere"));
    }

    protected override Task<IMessageQueue> NewQueueAsync() => Task.FromResult<IMessageQueue>(Open());

    protected override Task<IMessageQueue> AnotherViewAsync(IMessageQueue queue) => Task.FromResult<IMessageQueue>(Open());

    protected override async Task<IReadOnlyList<string>> DeadLettersAsync(IMessageQueue queue) =>
        [.. await Task.WhenAll(Directory.GetFiles(Path.Combine(_folder.Path, "dead"), "*.json").Select(f => File.ReadAllTextAsync(f)))];

    private static (InMemoryObjectStore Store, ManualClock Clock) NewStore()
    {
        var clock = new ManualClock();
        return (new InMemoryObjectStore("memory", clock), clock);
    }

    private static async Task<List<string>> PathsAsync(InMemoryObjectStore store)
    {
        List<string> paths = [];
        await foreach (var found in store.ListAsync(""))
        {
            paths.Add(found.Path);
        }

        return paths;
    }

    private ObjectStoreQueue Open() => new ObjectStoreQueue(_folder.Path, new() { PollInterval = TimeSpan.FromMilliseconds(20) });
}
