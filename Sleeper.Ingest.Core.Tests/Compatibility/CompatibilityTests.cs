using System.Reflection;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Compatibility;

/// <summary>
/// Every released version's tables open for ever: they are read as they were written, can be written to, and maintained. A release adds its own with
/// <c>WRITE_COMPATIBILITY=1 dotnet test --filter CompatibilityTests</c>.
/// </summary>
public sealed class CompatibilityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Tables =>
    [
        .. Directory.EnumerateDirectories(ReleasedTables.Root)
            .SelectMany(version => Directory.EnumerateFiles(version, "*.expected").Select(file => (Path.GetFileName(version), Path.GetFileNameWithoutExtension(file)))),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_tables_of_this_version_are_kept()
    {
        string version = typeof(IngestFactory).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        string folder = Path.Combine(ReleasedTables.Root, version);
        if (!Directory.Exists(folder) && Environment.GetEnvironmentVariable("WRITE_COMPATIBILITY") == "1")
        {
            await ReleasedTables.WriteAsync(folder);
        }

        Assert.True(Directory.Exists(folder), $"There are no tables of version {version} in '{folder}': write them (see this class) and keep them.");
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task A_released_table_is_read_written_to_and_maintained(string version, string name)
    {
        Copy(Path.Combine(ReleasedTables.Root, version, name), Path.Combine(_folder.Path, name));
        var store = new LocalObjectStore(_folder.Path);
        var table = await Table.OpenAsync(store, name, Token);
        string expected = await File.ReadAllTextAsync(Path.Combine(ReleasedTables.Root, version, $"{name}.expected"), Token);
        Assert.Equal(expected, await ReleasedTables.DescribeAsync(table));

        var description = await table.DescribeAsync(Token);
        var known = description.RecentCommits[0];
        Assert.Equal(known.TransactionNumber, (await table.ResolveAsync(known.IngestId, Token)).Committed!.TransactionNumber);

        await using (var ingest = await IngestFactory.Create().UseObjectStore(store).WithTable(name).OpenAsync(Token))
        {
            await ingest.WriteAsync(new RandomRows(5).Rows(table.Schema, 7), Token);
            Assert.Equal(description.TransactionNumber + 1, (await ingest.CompleteAsync(Token)).CommitNumber);
        }

        await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, RemoveStaleSpillFiles = false }, Token);
        long rows = 0;
        await foreach (var _ in (await Table.OpenAsync(store, name, Token)).ReadAsync(Token))
        {
            rows++;
        }

        Assert.Equal(description.RowCount + 7, rows);
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
