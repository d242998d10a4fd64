using System.Text;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

/// <summary>What a local store does when the disk fails: says so, names path and remedy, and leaves no half object and no unfinished file.</summary>
public sealed class LocalObjectStoreFaultTests : IDisposable
{
    private const int InputOutputError = 5;
    private const int NoSpaceLeft = 28;

    private static readonly byte[] Content = Encoding.UTF8.GetBytes("content");

    private readonly string _folder = Directory.CreateTempSubdirectory("local-store-faults-").FullName;
    private readonly List<string> _operations = [];
    private string? _failing;
    private string? _failingPath;
    private int _errorCode = InputOutputError;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Root => Path.Combine(_folder, "root");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("create")]
    [InlineData("write")]
    [InlineData("sync")]
    [InlineData("move")]
    [InlineData("create-folder")]
    public async Task A_failed_put_if_absent_names_the_path_and_leaves_nothing(string operation)
    {
        var store = NewStore();
        _failing = operation;
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("log/1.json", Content, Token));
        Assert.Equal("log/1.json", error.Path);
        Assert.False(error.IsRetryable);
        Assert.Contains("log/1.json", error.Message, StringComparison.Ordinal);
        Assert.Empty(Files());
        Assert.Equal(operation != "move", error.HadNoEffect);
        _failing = null;
        Assert.True(await store.PutIfAbsentAsync("log/1.json", Content, Token));
    }

    [Theory]
    [InlineData("write")]
    [InlineData("sync")]
    [InlineData("replace")]
    public async Task A_failed_put_keeps_the_old_object(string operation)
    {
        var store = NewStore();
        await store.PutAsync("latest", Content, Token);
        _failing = operation;
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("latest", Encoding.UTF8.GetBytes("new"), Token));
        Assert.Equal("content", await File.ReadAllTextAsync(Path.Combine(Root, "latest"), Token));
        Assert.Single(Files());
    }

    [Fact]
    public async Task A_full_disk_is_retryable_and_says_how_many_bytes_were_wanted()
    {
        var store = NewStore();
        (_failing, _errorCode) = ("write", NoSpaceLeft);
        var put = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("a", Content, Token));
        Assert.True(put.IsRetryable);
        Assert.Contains("7 bytes", put.Message, StringComparison.Ordinal);
        Assert.Contains("make room", put.Message, StringComparison.Ordinal);
        await using (var writer = await store.CreateAsync("data/a", Token))
        {
            var append = await Assert.ThrowsAsync<ObjectStoreException>(async () => await writer.AppendAsync(Content, Token));
            Assert.True(append.IsRetryable);
            _failing = null;
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.CompleteAsync(Token));
        }

        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_folder_whose_sync_failed_takes_no_durable_write_until_the_store_is_opened_anew()
    {
        var store = NewStore();
        _failing = "sync-folder";
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("log/1", Content, Token));
        _failing = null;
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("log/2", Content, Token));
        Assert.Contains("open the store anew", error.Message, StringComparison.Ordinal);
        Assert.True(await store.PutIfAbsentAsync("other/1", Content, Token));
        Assert.True(await NewStore().PutIfAbsentAsync("log/2", Content, Token));
    }

    [Theory]
    [InlineData(2, "sync")]
    [InlineData(2, "sync-folder")]
    [InlineData(200, "sync-all")]
    public async Task A_failed_sync_fails_the_flush_and_all_later_ones_of_the_barrier(int count, string operation)
    {
        var store = NewStore();
        await using var barrier = await store.OpenBarrierAsync(Token);
        var paths = await WriteAsync(store, count);
        _failing = operation;
        var first = await Assert.ThrowsAsync<IOException>(async () => await barrier.FlushAsync(paths, Token));
        Assert.Contains(Root, first.Message, StringComparison.Ordinal);
        Assert.Equal(InputOutputError, first.HResult);
        _failing = null;
        var second = await Assert.ThrowsAsync<IOException>(async () => await barrier.FlushAsync(paths, Token));
        Assert.Same(first, second.InnerException);
    }

    [Theory]
    [InlineData(2, "sync")]
    [InlineData(2, "sync-folder")]
    [InlineData(200, "sync-all")]
    public async Task What_a_failed_flush_left_is_not_called_durable_until_the_store_is_opened_anew(int count, string operation)
    {
        var store = NewStore();
        await using var barrier = await store.OpenBarrierAsync(Token);
        var paths = await WriteAsync(store, count);
        _failing = operation;
        await Assert.ThrowsAsync<IOException>(async () => await barrier.FlushAsync(paths, Token));
        _failing = null;
        await using var another = await store.OpenBarrierAsync(Token);
        var error = await Assert.ThrowsAsync<IOException>(async () => await another.FlushAsync(paths, Token));
        Assert.Contains("open the store anew", error.Message, StringComparison.Ordinal);
        await using var afresh = await NewStore().OpenBarrierAsync(Token);
        await afresh.FlushAsync(paths, Token);
    }

    [Fact]
    public async Task A_flush_does_not_call_a_put_durable_whose_folder_was_not_synced()
    {
        var store = NewStore();
        _failing = "sync-folder";
        var put = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("log/1", Content, Token));
        Assert.False(put.HadNoEffect);
        _failing = null;
        await using var barrier = await store.OpenBarrierAsync(Token);
        await Assert.ThrowsAsync<IOException>(async () => await barrier.FlushAsync(["log/1"], Token));
        var refused = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("log/2", Content, Token));
        Assert.True(refused.HadNoEffect);
    }

    [Fact]
    public async Task Stores_of_one_folder_in_one_process_never_share_the_name_of_an_unfinished_file()
    {
        const int Stores = 32;
        const int Rounds = 40;
        var created = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, Stores).Select(async number =>
        {
            var disk = new FaultyFileSystem((operation, path) =>
            {
                if (operation == "create")
                {
                    created.Add(path);
                }
            });
            var store = new LocalObjectStore(Root, new LocalObjectStoreOptions { Durable = false }, disk);
            for (int round = 0; round < Rounds; round++)
            {
                Assert.True(await store.PutIfAbsentAsync($"data/{number}-{round}", Content, Token));
            }
        }));
        Assert.Equal(Stores * Rounds, created.Distinct().Count());
        Assert.Equal(Stores * Rounds, Files().Length);
    }

    [Fact]
    public void A_name_that_was_taken_and_is_free_again_is_no_error()
    {
        Directory.CreateDirectory(Root);
        string contested = Path.Combine(Root, "contested");
        Parallel.For(0, 4, lane =>
        {
            for (int round = 0; round < 1000; round++)
            {
                // Another process with the same number, as in a second container, may hold the name and move it away at any moment.
                if (DiskFileSystem.Instance.CreateFile(contested) is { } file)
                {
                    file.Dispose();
                    Assert.True(DiskFileSystem.Instance.MoveFile(contested, Path.Combine(Root, $"{lane}-{round}")));
                }
            }
        });
        Assert.False(File.Exists(contested));
    }

    [Fact]
    public async Task Many_objects_cost_one_sync()
    {
        var store = NewStore();
        await using var barrier = await store.OpenBarrierAsync(Token);
        var paths = await WriteAsync(store, 200);
        _operations.Clear();
        await barrier.FlushAsync(paths, Token);
        Assert.Equal(OperatingSystem.IsLinux() ? 1 : 0, _operations.Count(static operation => operation == "sync-all"));
        Assert.Equal(OperatingSystem.IsLinux() ? 0 : 200, _operations.Count(static operation => operation == "sync"));
    }

    [Fact]
    public async Task Flushing_an_object_that_is_gone_is_an_error()
    {
        await using var barrier = await NewStore().OpenBarrierAsync(Token);
        await Assert.ThrowsAsync<IOException>(async () => await barrier.FlushAsync(["no/such"], Token));
    }

    [Fact]
    public async Task A_put_syncs_the_file_before_its_name_and_new_folders_up_to_the_one_that_was_there()
    {
        await NewStore().PutIfAbsentAsync("a/b/1", Content, Token);
        var steps = _operations.Where(static operation => operation is "sync" or "move" or "sync-folder").ToArray();
        Assert.Equal(["sync", "move", "sync-folder", "sync-folder", "sync-folder", "sync-folder"], steps); // b, a, root, root's parent
    }

    [Fact]
    public async Task The_first_put_of_a_store_syncs_folders_that_others_made_and_later_ones_only_their_own()
    {
        Directory.CreateDirectory(Path.Combine(Root, "a", "b"));
        var store = NewStore();
        await store.PutIfAbsentAsync("a/b/1", Content, Token);
        Assert.Equal(3, _operations.Count(static operation => operation == "sync-folder")); // b, a, root
        _operations.Clear();
        await store.PutIfAbsentAsync("a/b/2", Content, Token);
        Assert.Equal(1, _operations.Count(static operation => operation == "sync-folder"));
    }

    [Fact]
    public async Task A_put_whose_parent_folder_could_not_be_synced_is_not_durable_for_the_next_caller_either()
    {
        var store = NewStore();
        _failing = "sync-folder";
        _failingPath = Root;
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("a/1", Content, Token));
        _failing = null;
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("a/2", Content, Token));
        Assert.True(await NewStore().PutIfAbsentAsync("a/2", Content, Token));
    }

    [Fact]
    public async Task A_flush_of_few_objects_syncs_their_folders_and_a_new_root()
    {
        var store = NewStore();
        await using var barrier = await store.OpenBarrierAsync(Token);
        var paths = await WriteAsync(store, 3);
        _operations.Clear();
        await barrier.FlushAsync(paths, Token);
        Assert.Equal(3, _operations.Count(static operation => operation == "sync"));
        Assert.Equal(5, _operations.Count(static operation => operation == "sync-folder")); // leaf0, leaf1, data, root, root's parent
    }

    [Fact]
    public async Task Without_durability_nothing_is_synced()
    {
        var store = NewStore(new LocalObjectStoreOptions { Durable = false });
        await store.PutIfAbsentAsync("a/1", Content, Token);
        await store.PutAsync("a/2", Content, Token);
        await using var barrier = await store.OpenBarrierAsync(Token);
        await barrier.FlushAsync(await WriteAsync(store, 20), Token);
        Assert.DoesNotContain(_operations, static operation => operation.StartsWith("sync", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_root_is_an_error_when_it_may_not_be_created()
    {
        var store = NewStore(new LocalObjectStoreOptions { CreateRoot = false });
        Assert.Null(await store.HeadAsync("a", Token));
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("a", Content, Token));
        Assert.Contains(Root, error.Message, StringComparison.Ordinal);
        Assert.Contains("CreateRoot", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Root));
    }

    [Fact]
    public async Task A_folder_that_was_removed_behind_the_store_is_made_again()
    {
        var store = NewStore();
        Assert.True(await store.PutIfAbsentAsync("a/b/1", Content, Token));
        Directory.Delete(Path.Combine(Root, "a"), recursive: true);
        Assert.True(await store.PutIfAbsentAsync("a/b/1", Content, Token));
    }

    [Fact]
    public async Task An_object_where_a_folder_is_needed_and_a_folder_where_an_object_is_wanted_are_errors()
    {
        var store = NewStore();
        await store.PutAsync("a", Content, Token);
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("a/b", Content, Token));
        await store.PutAsync("c/d", Content, Token);
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("c", Content, Token));
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("c", Content, Token));
        Assert.Null(await store.HeadAsync("c", Token));
        Assert.Null(await store.OpenAsync("c", Token));
        await store.DeleteAsync("c", Token);
        Assert.Equal(2, Files().Length);
    }

    [Fact]
    public async Task Unfinished_files_of_dead_processes_are_not_listed()
    {
        var store = NewStore();
        await store.PutAsync("a/b", Content, Token);
        await File.WriteAllTextAsync(Path.Combine(Root, "a", ObjectPath.TemporaryPrefix + "4711~1"), "half", Token);
        List<string> found = [];
        await foreach (var info in store.ListAsync("", cancellationToken: Token))
        {
            found.Add(info.Path);
        }

        Assert.Equal(["a/b"], found);
    }

    [Fact]
    public async Task Symbolic_links_inside_the_root_are_not_followed()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Making symbolic links needs special rights on Windows.");
        }

        var outside = Directory.CreateDirectory(Path.Combine(_folder, "outside")).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "secret"), "secret", Token);
        Directory.CreateDirectory(Root);
        Directory.CreateSymbolicLink(Path.Combine(Root, "folder"), outside);
        Directory.CreateSymbolicLink(Path.Combine(Root, "loop"), Root);
        File.CreateSymbolicLink(Path.Combine(Root, "file"), Path.Combine(outside, "secret"));
        var store = NewStore();
        Assert.Null(await store.OpenAsync("file", Token));
        Assert.Null(await store.HeadAsync("file", Token));
        await Assert.ThrowsAsync<ObjectStoreException>(async () => await store.OpenAsync("folder/secret", Token));
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutIfAbsentAsync("folder/new", Content, Token));
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("folder/secret", Content, Token));
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.DeleteAsync("folder/secret", Token));
        await foreach (var info in store.ListAsync("", cancellationToken: Token))
        {
            Assert.Fail($"'{info.Path}' was listed.");
        }

        Assert.Equal(["secret"], Directory.GetFiles(outside).Select(Path.GetFileName));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "alias"), Root);
        var alias = new LocalObjectStore(Path.Combine(_folder, "alias"));
        Assert.True(await alias.PutIfAbsentAsync("a/b", Content, Token));
        Assert.NotNull(await store.HeadAsync("a/b", Token));
    }

    private static async Task<List<string>> WriteAsync(LocalObjectStore store, int count)
    {
        List<string> paths = [];
        for (var number = 0; number < count; number++)
        {
            paths.Add($"data/leaf{number / 2}/{number}.parquet");
            await using var writer = await store.CreateAsync(paths[^1], Token);
            await writer.AppendAsync(Content, Token);
            await writer.CompleteAsync(Token);
        }

        return paths;
    }

    private LocalObjectStore NewStore(LocalObjectStoreOptions? options = null) => new(Root, options, new FaultyFileSystem(Before));

    private void Before(string operation, string path)
    {
        lock (_operations)
        {
            _operations.Add(operation);
        }

        if (operation == _failing && (_failingPath is null || _failingPath == path))
        {
            throw new IOException($"Injected error of '{path}'.", _errorCode);
        }
    }

    private string[] Files() => Directory.Exists(Root) ? Directory.GetFiles(Root, "*", SearchOption.AllDirectories) : [];
}
