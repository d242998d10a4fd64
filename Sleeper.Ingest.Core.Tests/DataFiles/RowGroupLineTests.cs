using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.DataFiles;

public class RowGroupLineTests
{
    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).Value("text", FieldType.String).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_written_to_its_end_if_nobody_helps()
    {
        Assert.Equal(await WriteAsync(null), await WriteAsync((_, _) => { }));
    }

    [Fact]
    public async Task Help_that_comes_when_the_file_is_done_does_nothing()
    {
        var late = new List<Func<Task>>();
        Assert.Equal(await WriteAsync(null), await WriteAsync((helpers, work) => late.AddRange(Enumerable.Repeat(work, helpers))));
        Assert.Equal(2, late.Count);
        foreach (var work in late)
        {
            await work();
        }
    }

    [Fact]
    public async Task All_who_come_help_and_the_bytes_are_the_same()
    {
        var helping = new List<Task>();
        Assert.Equal(await WriteAsync(null), await WriteAsync((helpers, work) => helping.AddRange(Enumerable.Range(0, helpers).Select(_ => Task.Run(work, Token)))));
        await Task.WhenAll(helping);
    }

    [Fact]
    public async Task Rows_that_end_too_early_end_it_for_all()
    {
        var helping = new List<Task>();
        await Assert.ThrowsAsync<InvalidOperationException>(() => WriteAsync((helpers, work) => helping.AddRange(Enumerable.Range(0, helpers).Select(_ => Task.Run(work, Token))), 9_999));
        await Task.WhenAll(helping);
    }

    /// <summary>Writes 10,000 rows in 20 row groups, alone or asking for two helpers; returns the file.</summary>
    private static async Task<byte[]> WriteAsync(Action<int, Func<Task>>? askForHelp, int rowsThatCome = 10_000)
    {
        var store = new InMemoryObjectStore();
        var rows = Enumerable.Range(0, rowsThatCome).Select(i => new Row(Schema, (long)i / 3, $"row {i}"));
        using var sorted = new SortedRows(new EncodedRows(Schema, rows, new Random(1), 700));
        using var writer = new DataFileWriter(Schema, KeyOrder.Bytes, skipBytes: 0, new DataFileOptions { RowGroupRows = 500 });
        var target = new DataFileTarget(store, "file.parquet", "root", 10_000, _ => { });
        _ = askForHelp is null ? await writer.WriteAsync(sorted, target, Token) : await writer.WriteSideBySideAsync(sorted, target, 3, askForHelp, Token);
        var reader = await store.OpenAsync("file.parquet", Token);
        byte[] bytes = new byte[reader!.LengthBytes];
        await reader.ReadAsync(0, bytes, Token);
        return bytes;
    }
}
