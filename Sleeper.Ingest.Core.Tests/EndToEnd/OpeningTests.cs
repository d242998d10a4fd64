using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Tables and folders that cannot be used: refused by name, and left as they were.</summary>
public class OpeningTests
{
    [Fact]
    public async Task A_table_with_another_schema_is_refused_with_the_first_difference()
    {
        using var bed = await new IngestBed().WithTableAsync();
        var before = await bed.ListingAsync();
        var other = Schema.Create().RowKey("key", FieldType.String).SortKey("time", FieldType.Int).Build();

        var error = await Assert.ThrowsAsync<SchemaMismatchException>(() => bed.Factory(other).OpenAsync());

        Assert.Contains("sort key 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("'default'", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await bed.ListingAsync());
    }

    [Fact]
    public async Task A_table_that_is_not_there_needs_a_schema()
    {
        using var bed = new IngestBed();

        var error = await Assert.ThrowsAsync<TableNotFoundException>(() => IngestFactory.Create().UseObjectStore(bed.Memory).WithTable("nowhere").OpenAsync());

        Assert.Equal("nowhere", error.TableName);
        Assert.Empty(await bed.ListingAsync());
    }

    [Fact]
    public async Task A_table_format_from_the_future_is_refused_by_name()
    {
        using var bed = await new IngestBed().WithTableAsync();
        await using (var reader = await bed.Memory.OpenAsync("default/table.properties"))
        {
            byte[] bytes = new byte[reader!.LengthBytes];
            await reader.ReadAsync(0, bytes);
            string text = Encoding.UTF8.GetString(bytes).Replace("table.format=1", "table.format=9", StringComparison.Ordinal);
            await bed.Memory.PutAsync("default/table.properties", Encoding.UTF8.GetBytes(text));
        }

        var before = await bed.ListingAsync();
        foreach (var factory in (IngestFactory[])[bed.Factory(), IngestFactory.Create().UseObjectStore(bed.Memory)])
        {
            var error = await Assert.ThrowsAsync<UnsupportedTableException>(() => factory.OpenAsync());
            Assert.Contains("format 9", error.Message, StringComparison.Ordinal);
            Assert.Contains("table.properties", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, await bed.ListingAsync());
    }

    [Theory]
    [InlineData("file")]
    [InlineData("below a file")]
    [InlineData("/proc/sleeper")]
    public async Task A_table_folder_that_cannot_be_is_an_error_that_names_it(string where)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "taken");
        await File.WriteAllTextAsync(file, "mine");
        string path = where switch { "file" => file, "below a file" => Path.Combine(file, "tables"), _ => where };
        if (where[0] == '/' && !Directory.Exists("/proc"))
        {
            Assert.Skip("There is no folder here in which even root can make nothing.");
        }

        using var bed = new IngestBed();
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => IngestFactory.Create().WithFolder(path).WithSchema(IngestBed.Sample).WithSpillFolder(bed.Spill.Path).OpenAsync());

        Assert.True(error is IngestException or IOException or UnauthorizedAccessException, error.ToString());
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
        Assert.Equal([file], folder.Files);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("/proc/sleeper")]
    public async Task A_spill_folder_that_cannot_be_used_fails_the_ingest_by_name_and_leaves_nothing(string where)
    {
        using var bed = await new IngestBed().WithTableAsync();
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "taken");
        await File.WriteAllTextAsync(file, "mine");
        string path = where == "file" ? file : where;
        if (where[0] == '/' && !Directory.Exists("/proc"))
        {
            Assert.Skip("There is no folder here in which even root can make nothing.");
        }

        var before = await bed.ListingAsync();
        var error = await Assert.ThrowsAsync<IngestException>(async () =>
        {
            await using var writer = await bed.Factory().WithMemoryBudget(16 << 20).WithSpillFolder(path).OpenAsync();
            await writer.WriteAsync(WriterContractTests.Wide(5000));
        });

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("Choose a folder", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await bed.ListingAsync());
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task A_spill_folder_that_others_can_write_to_is_refused_before_the_table_is_touched()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes.");
            return;
        }

        using var bed = new IngestBed();
        string path = Directory.CreateDirectory(Path.Combine(bed.Spill.Path, "open")).FullName;
        File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);

        var error = await Assert.ThrowsAsync<IngestException>(() => bed.Factory().WithSpillFolder(path).OpenAsync());

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("chmod", error.Message, StringComparison.Ordinal);
        Assert.Empty(bed.Store.Calls);
        File.SetUnixFileMode(path, (UnixFileMode)0b1_111_111_111);
        await (await bed.Factory().WithSpillFolder(path).OpenAsync()).DisposeAsync();
    }

    [Fact]
    public async Task A_disk_budget_that_is_used_up_fails_the_ingest_clean()
    {
        using var bed = await new IngestBed().WithTableAsync();

        var error = await bed.AssertFailsAsync<SpillDiskFullException>(
            writer => writer.WriteAsync(WriterContractTests.Wide(20_000)), f => f.WithMemoryBudget(16 << 20).WithDiskBudget(5 << 20));

        Assert.Equal(5 << 20, error.BudgetBytes);
        Assert.Contains(bed.Spill.Path, error.Message, StringComparison.Ordinal);
        Assert.True(error.IsRetryable);
    }

    [Fact]
    public async Task Nothing_stays_open_after_failures_aborts_and_ends()
    {
        if (!Directory.Exists("/proc/self/fd"))
        {
            Assert.Skip("Open handles can be counted on Linux only.");
        }

        using var bed = await new IngestBed().WithTableAsync();
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "in.parquet");
        await File.WriteAllBytesAsync(path, SmallDataFile.Write(IngestBed.Sample, [.. IngestBed.GoodRows(100), IngestBed.Good(5)], rowGroupRowCount: 20));
        await using (var writer = await bed.Factory().WithMemoryBudget(16 << 20).OpenAsync())
        {
            await writer.WriteAsync(WriterContractTests.Wide(5000));
            Assert.NotEmpty(OpenBelow(bed.Spill.Path));
            await writer.WriteParquetAsync(path);
        }

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var writer = await bed.Factory().OpenAsync();
            await writer.WriteAsync(WriterContractTests.Wide(10));
            await writer.WriteParquetAsync(path, new CancellationToken(true));
        });
        await using (var writer = await bed.Factory().OpenAsync())
        {
            await writer.WriteParquetAsync(path);
            await writer.CompleteAsync();
            Assert.Empty(OpenBelow(folder.Path));
        }

        Assert.Empty(OpenBelow(bed.Spill.Path));
        Assert.Empty(OpenBelow(folder.Path));
        Assert.Empty(bed.Spill.Files);

        static List<string> OpenBelow(string folder) =>
        [
            .. Directory.EnumerateFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "").Where(t => t.StartsWith(folder, StringComparison.Ordinal)),
        ];
    }
}
