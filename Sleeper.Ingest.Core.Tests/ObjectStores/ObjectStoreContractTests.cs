using System.Text;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

/// <summary>What every object store keeps. Each implementation has a class that derives from this one.</summary>
public abstract class ObjectStoreContractTests
{
    protected abstract IObjectStore Store { get; }

    /// <summary>How often writers race; fewer times where each call takes long.</summary>
    protected virtual int RaceCount => 8;

    /// <summary>The size of a large object in MiB; smaller where bytes are slow.</summary>
    protected virtual int LargeObjectMegabytes => 64;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Put_if_absent_writes_once_and_keeps_the_first_bytes()
    {
        Assert.True(await Store.PutIfAbsentAsync("log/files/1.json", Bytes("first"), Token));
        Assert.False(await Store.PutIfAbsentAsync("log/files/1.json", Bytes("second"), Token));
        Assert.Equal("first", await ReadTextAsync("log/files/1.json"));
    }

    [Fact]
    public async Task Of_64_concurrent_puts_if_absent_one_wins()
    {
        for (var round = 0; round < RaceCount; round++)
        {
            var path = $"race/{round}";
            using var start = new ManualResetEventSlim();
            var puts = Enumerable.Range(0, 64).Select(writer => Task.Run(async () =>
            {
                start.Wait(Token);
                return await Store.PutIfAbsentAsync(path, Bytes($"writer {writer}"), Token);
            })).ToArray();
            start.Set();
            var won = await Task.WhenAll(puts);
            Assert.Single(won, static answer => answer);
            Assert.Equal($"writer {Array.IndexOf(won, true)}", await ReadTextAsync(path));
        }
    }

    [Fact]
    public async Task Put_replaces()
    {
        await Store.PutAsync("snapshots/latest", Bytes("1"), Token);
        await Store.PutAsync("snapshots/latest", Bytes("22"), Token);
        Assert.Equal("22", await ReadTextAsync("snapshots/latest"));
        Assert.Equal(2, (await Store.HeadAsync("snapshots/latest", Token))!.LengthBytes);
    }

    [Fact]
    public async Task An_object_appears_when_its_writer_completes()
    {
        await using var writer = await Store.CreateAsync("data/a.parquet", Token);
        await writer.AppendAsync(Bytes("one "), Token);
        await writer.AppendAsync(Bytes("two"), Token);
        Assert.Equal(7, writer.LengthBytes);
        Assert.Null(await Store.HeadAsync("data/a.parquet", Token));
        Assert.Empty(await ListAsync(""));
        await writer.CompleteAsync(Token);
        Assert.Equal("one two", await ReadTextAsync("data/a.parquet"));
    }

    [Fact]
    public async Task Disposing_a_writer_before_it_completes_leaves_nothing()
    {
        await using (var writer = await Store.CreateAsync("data/a.parquet", Token))
        {
            await writer.AppendAsync(Bytes("half"), Token);
        }

        Assert.Null(await Store.OpenAsync("data/a.parquet", Token));
        Assert.Empty(await ListAsync(""));
        Assert.True(await Store.PutIfAbsentAsync("data/a.parquet", Bytes("x"), Token));
    }

    [Fact]
    public async Task Reads_ranges_and_refuses_ranges_past_the_end()
    {
        await Store.PutAsync("a", Bytes("0123456789"), Token);
        await using var reader = (await Store.OpenAsync("a", Token))!;
        Assert.Equal(10, reader.LengthBytes);
        var buffer = new byte[3];
        await reader.ReadAsync(7, buffer, Token);
        Assert.Equal("789", Encoding.UTF8.GetString(buffer));
        await Assert.ThrowsAsync<EndOfStreamException>(async () => await reader.ReadAsync(8, buffer, Token));
        await Assert.ThrowsAsync<EndOfStreamException>(async () => await reader.ReadAsync(long.MaxValue - 1, buffer, Token));
    }

    [Fact]
    public async Task Missing_objects_are_null_and_deleting_them_is_no_error()
    {
        Assert.Null(await Store.OpenAsync("no/such", Token));
        Assert.Null(await Store.HeadAsync("no/such", Token));
        await Store.PutAsync("a/b", Bytes("x"), Token);
        await Store.DeleteAsync("a/b", Token);
        await Store.DeleteAsync("a/b", Token);
        await Store.DeleteAsync("no/such", Token);
        Assert.Null(await Store.HeadAsync("a/b", Token));
    }

    [Fact]
    public async Task Lists_in_order_below_a_prefix_and_after_a_path()
    {
        string[] paths = ["a-b", "a/1", "a/2/x", "a/20", "a/3", "a.b/c", "a0", "b/ä ö.txt", "b/日本"];
        foreach (var path in paths)
        {
            await Store.PutAsync(path, Bytes(path), Token);
        }

        var sorted = paths.Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(sorted, await ListAsync(""));
        Assert.Equal(["a/1", "a/2/x", "a/20", "a/3"], await ListAsync("a/"));
        Assert.Equal(["a/2/x", "a/20"], await ListAsync("a/2"));
        Assert.Equal(["a/20", "a/3"], await ListAsync("a/", "a/2/x"));
        foreach (var after in sorted)
        {
            Assert.Equal(sorted.Where(path => string.CompareOrdinal(path, after) > 0), await ListAsync("", after));
        }
    }

    [Fact]
    public async Task A_barrier_flushes_what_was_written()
    {
        await using var barrier = await Store.OpenBarrierAsync(Token);
        List<string> paths = [];
        for (var number = 0; number < 20; number++)
        {
            paths.Add($"data/leaf{number}/a.parquet");
            await Store.PutAsync(paths[^1], Bytes("x"), Token);
            await barrier.FlushAsync([paths[^1]], Token);
        }

        await barrier.FlushAsync(paths, Token);
    }

    [Fact]
    public async Task A_writer_that_meets_a_taken_path_is_refused_and_changes_nothing()
    {
        await using (var late = await Store.CreateAsync("data/a", Token))
        {
            await late.AppendAsync(Bytes("late"), Token);
            await Store.PutAsync("data/a", Bytes("first"), Token);
            var error = await Assert.ThrowsAsync<ObjectExistsException>(async () => await late.CompleteAsync(Token));
            Assert.Equal("data/a", error.Path);
        }

        await Assert.ThrowsAsync<ObjectExistsException>(async () =>
        {
            await using var later = await Store.CreateAsync("data/a", Token); // some stores look here, others when it is completed
            await later.CompleteAsync(Token);
        });
        Assert.Equal("first", await ReadTextAsync("data/a"));
        Assert.Equal(["data/a"], await ListAsync(""));
    }

    [Fact]
    public async Task A_writer_that_is_complete_takes_no_more()
    {
        await using var writer = await Store.CreateAsync("a", Token);
        await writer.CompleteAsync(Token);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.AppendAsync(Bytes("x"), Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.CompleteAsync(Token));
        Assert.Equal("", await ReadTextAsync("a"));
    }

    [Fact]
    public async Task A_cancelled_call_throws_and_leaves_nothing()
    {
        using var source = new CancellationTokenSource();
        await using var writer = await Store.CreateAsync("data/a", Token);
        await source.CancelAsync();
        var token = source.Token;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.PutIfAbsentAsync("a", Bytes("x"), token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.PutAsync("a", Bytes("x"), token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.CreateAsync("a", token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.AppendAsync(Bytes("x"), token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.CompleteAsync(token));
        await writer.DisposeAsync();
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task A_large_object_is_streamed_whole()
    {
        const int PieceLength = 1 << 20;
        int pieceCount = LargeObjectMegabytes;
        var piece = new byte[PieceLength];
        await using var writer = await Store.CreateAsync("big", Token);
        for (var number = 0; number < pieceCount; number++)
        {
            Array.Fill(piece, (byte)number);
            await writer.AppendAsync(piece, Token);
        }

        await writer.CompleteAsync(Token);
        await using var reader = (await Store.OpenAsync("big", Token))!;
        Assert.Equal((long)PieceLength * pieceCount, reader.LengthBytes);
        for (var number = 0; number < pieceCount; number++)
        {
            await reader.ReadAsync((long)number * PieceLength, piece, Token);
            Assert.Equal(-1, piece.AsSpan().IndexOfAnyExcept((byte)number));
        }
    }

    [Fact]
    public async Task Names_are_kept_as_they_are()
    {
        string[] paths = ["a b/c d", "%2e%2e/x", "e\u0301", "\u00e9", "😀/日本.parquet", "-rf", "*"];
        foreach (var path in paths)
        {
            Assert.True(await Store.PutIfAbsentAsync(path, Bytes(path), Token));
        }

        foreach (var path in paths)
        {
            Assert.Equal(path, await ReadTextAsync(path));
        }

        Assert.Equal(paths.Length, (await ListAsync("")).Length);
    }

    [Fact]
    public async Task Reads_of_one_object_may_overlap()
    {
        var content = new byte[100_000];
        new Random(7).NextBytes(content);
        await Store.PutAsync("a", content, Token);
        await using var reader = (await Store.OpenAsync("a", Token))!;
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), Token, async (number, token) =>
        {
            var buffer = new byte[1 + (number * 37)];
            await reader.ReadAsync(number * 101, buffer, token);
            Assert.True(buffer.AsSpan().SequenceEqual(content.AsSpan(number * 101, buffer.Length)));
        });
    }

    [Fact]
    public async Task A_reader_keeps_the_object_it_opened()
    {
        await Store.PutAsync("a", Bytes("old"), Token);
        await using var reader = (await Store.OpenAsync("a", Token))!;
        await Store.PutAsync("a", Bytes("newer"), Token);
        var buffer = new byte[3];
        await reader.ReadAsync(0, buffer, Token);
        Assert.Equal("old", Encoding.UTF8.GetString(buffer));
    }

    protected static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected async Task<string[]> ListAsync(string prefix, string? startAfter = null)
    {
        List<string> paths = [];
        await foreach (var info in Store.ListAsync(prefix, startAfter, Token))
        {
            paths.Add(info.Path);
        }

        return [.. paths];
    }

    protected async Task<string> ReadTextAsync(string path)
    {
        await using var reader = await Store.OpenAsync(path, Token) ?? throw new InvalidOperationException($"There is no '{path}'.");
        var bytes = new byte[reader.LengthBytes];
        await reader.ReadAsync(0, bytes, Token);
        return Encoding.UTF8.GetString(bytes);
    }
}
