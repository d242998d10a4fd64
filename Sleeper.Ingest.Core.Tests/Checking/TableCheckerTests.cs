using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

public sealed class TableCheckerTests(CheckedTableFixture fixture) : IClassFixture<CheckedTableFixture>
{
    private const int Last = CheckedTableFixture.Ingests;
    private const int FirstItem = 4 + 16;

    private static readonly Dictionary<string, Func<DamagedTable, Task>> Damages = new()
    {
        ["a lost row"] = table => table.ChangeLastFileAsync("SELECT key, ingest, number FROM file WHERE file_row_number <> 3 ORDER BY file_row_number"),
        ["a doubled row"] = table => table.ChangeLastFileAsync(
            "SELECT key, ingest, number FROM (FROM file UNION ALL FROM file WHERE file_row_number = 0) ORDER BY file_row_number"),
        ["one row instead of another"] = table => table.ChangeLastFileAsync(
            "SELECT key, ingest, first_value(number) OVER (PARTITION BY key ORDER BY file_row_number) AS number FROM file ORDER BY file_row_number"),
        ["an altered value"] = table => table.ChangeLastFileAsync("SELECT key || '!' AS key, ingest, number FROM file ORDER BY file_row_number"),
        ["a row in a wrong leaf"] = table => table.ChangeLastFileAsync(
            "SELECT CASE file_row_number WHEN 0 THEN 'a' ELSE key END AS key, ingest, number FROM file ORDER BY file_row_number"),
        ["a file that is not sorted"] = table => table.ChangeLastFileAsync("SELECT key, ingest, number FROM file ORDER BY file_row_number DESC"),
        ["a row of nobody"] = table => table.ChangeLastFileAsync(
            "SELECT key, CASE file_row_number WHEN 0 THEN 'nobody' ELSE ingest END AS ingest, number FROM file ORDER BY file_row_number"),
        ["a missing data file"] = table => Do(() => table.Delete(table.LastFile(Last))),
        ["a torn data file"] = table => Do(() =>
        {
            using var file = File.OpenWrite(table.PathOf(table.LastFile(Last)));
            file.SetLength(file.Length / 2);
        }),
        ["missing sketches"] = table => Do(() => table.Delete(Path.ChangeExtension(table.LastFile(Last), ".sketches"))),
        ["torn sketches"] = table => Do(() => table.Put(Path.ChangeExtension(table.LastFile(Last), ".sketches"), "torn")),
        ["a sketch with another minimum"] = table => Do(() => table.ChangeLastSketches(bytes => bytes[FirstItem + 4] = (byte)'a')),
        ["a sketch with another maximum"] = table => Do(() => table.ChangeLastSketches(bytes => bytes[FirstItem + 5 + 4] = (byte)'~')),
        ["a sketch of other values"] = table => Do(() => table.ChangeLastSketches(bytes =>
        {
            for (int item = FirstItem + (2 * 5); item < bytes.Length; item += 5)
            {
                bytes[item + 4] = bytes[FirstItem + 4];
            }
        })),
        ["a sketch with another count"] = table => Do(() => table.ChangeLastSketches(bytes => bytes[4 + 8]++)),
        ["a lying count of rows"] = table => Do(() => table.ChangeEntry(DamagedTable.Entry(Last), entry => FirstReference(entry)["numberOfRows"] = 1)),
        ["a partition that is not there"] = table => Do(() => table.ChangeEntry(DamagedTable.Entry(Last), entry => FirstReference(entry)["partitionId"] = "nowhere")),
        ["an entry overwritten"] = table => Do(() => table.ChangeEntry(DamagedTable.Entry(3), entry => entry["header"]!["writer"] = "somebody")),
        ["an entry with a flipped digit"] = table => Do(() => table.Put(
            DamagedTable.Entry(Last), File.ReadAllText(table.PathOf(DamagedTable.Entry(Last))).Replace("\"numberOfRows\":1", "\"numberOfRows\":2", StringComparison.Ordinal))),
        ["an entry missing in the middle"] = table => Do(() => table.Delete(DamagedTable.Entry(3))),
        ["an unknown transaction"] = table => Do(() => table.ChangeEntry(DamagedTable.Entry(Last), entry => entry["header"]!["type"] = "DELETE_FILES")),
        ["an ingest committed twice"] = table => Do(() => table.ChangeEntry(
            DamagedTable.Entry(Last),
            entry =>
            {
                (entry["header"]!["number"], entry["header"]!["before"]) = (Last + 1, entry["checksum"]!.GetValue<string>());
                entry["header"]!["fileCount"] = 3;
            },
            DamagedTable.Entry(Last + 1))),
        ["a snapshot that was changed and sealed"] = table => Do(() => table.ChangeSnapshot(
            DamagedTable.Snapshot(4, "files.jsonl"), text => text.Replace("\"fileCount\":3", "\"fileCount\":4", StringComparison.Ordinal))),
        ["a ledger that was changed and sealed"] = table => Do(() => table.ChangeSnapshot(
            DamagedTable.Snapshot(4, "head.jsonl"), text => text.Replace("\"ingest\":\"i-2\"", "\"ingest\":\"i-x\"", StringComparison.Ordinal))),
        ["a snapshot with a broken seal"] = table => Do(() => table.Put(
            DamagedTable.Snapshot(4, "files.jsonl"), File.ReadAllText(table.PathOf(DamagedTable.Snapshot(4, "files.jsonl"))).Replace("i-2", "i-3", StringComparison.Ordinal))),
        ["a snapshot without its files"] = table => Do(() => table.Delete(DamagedTable.Snapshot(4, "files.jsonl"))),
        ["leaves that overlap"] = table => Do(() => table.ChangeEntry(DamagedTable.Entry(1, "partitions"), ChangeFirstEnd)),
        ["a stray object"] = table => Do(() => table.Put($"data/partition_p0/{new string('0', 32)}-{new string('1', 16)}-0.parquet", "stray")),
        ["an intent of nobody"] = table => Do(() => table.Put($"ingests/{new string('0', 32)}/{new string('1', 16)}.json", "{}")),
        ["an unfinished file"] = table => Do(() => table.Put("data/partition_p0/.tmp~123~4", "half")),
        ["a commit that is gone"] = table => Do(() =>
        {
            string owner = Path.GetFileName(table.LastFile(Last))[..49];
            table.Delete(DamagedTable.Entry(Last));
            Directory.GetFiles(table.PathOf("data"), $"{owner}*", SearchOption.AllDirectories).ToList().ForEach(File.Delete);
        }),
    };

    [Theory]
    [InlineData("a lost row", "I1 I10 I7")]
    [InlineData("a doubled row", "I1 I10 I7")]
    [InlineData("one row instead of another", "I1")]
    [InlineData("an altered value", "I10 I5")]
    [InlineData("a row in a wrong leaf", "I10 I5 I7 I9")]
    [InlineData("a file that is not sorted", "I8")]
    [InlineData("a row of nobody", "I1 I5")]
    [InlineData("a missing data file", "I1 I6")]
    [InlineData("a torn data file", "I1 I6")]
    [InlineData("missing sketches", "I6")]
    [InlineData("torn sketches", "I6")]
    [InlineData("a sketch with another minimum", "I10")]
    [InlineData("a sketch with another maximum", "I10")]
    [InlineData("a sketch of other values", "I10")]
    [InlineData("a sketch with another count", "I6")]
    [InlineData("a lying count of rows", "I7")]
    [InlineData("a partition that is not there", "I9")]
    [InlineData("an entry overwritten", "I12")]
    [InlineData("an entry with a flipped digit", "I1 I12 I13 I15")]
    [InlineData("an entry missing in the middle", "I1 I12 I13 I15")]
    [InlineData("an unknown transaction", "I1 I12 I13 I15")]
    [InlineData("an ingest committed twice", "I13")]
    [InlineData("a snapshot that was changed and sealed", "I12")]
    [InlineData("a ledger that was changed and sealed", "I12")]
    [InlineData("a snapshot with a broken seal", "I12")]
    [InlineData("a snapshot without its files", "I12")]
    [InlineData("leaves that overlap", "I11 I12 I7 I9")]
    [InlineData("a stray object", "I15")]
    [InlineData("an intent of nobody", "I15")]
    [InlineData("an unfinished file", "I14")]
    [InlineData("a commit that is gone", "I1 I13")]
    public async Task Damage_is_found_and_called_by_its_name(string damage, string ids)
    {
        using var table = fixture.Copy();
        await Damages[damage](table);
        AssertIds(ids, await TableChecker.CheckAsync(table.Folder, CheckedTableFixture.Expect()));
    }

    [Theory]
    [InlineData(Told.Failed, null, "I3")]
    [InlineData(Told.Unknown, null, "")]
    [InlineData(Told.Nothing, null, "")]
    [InlineData(Told.Unknown, "a lost row", "I10 I2 I7")]
    [InlineData(Told.Nothing, "a doubled row", "I10 I2 I7")]
    [InlineData(Told.Unknown, "a commit that is gone", "")]
    [InlineData(Told.Failed, "a commit that is gone", "")]
    [InlineData(Told.Committed, "a commit that is gone", "I1 I13")]
    public async Task What_may_be_there_depends_on_what_was_told(Told last, string? damage, string ids)
    {
        using var table = fixture.Copy();
        await (damage is null ? Task.CompletedTask : Damages[damage](table));
        AssertIds(ids, await TableChecker.CheckAsync(table.Folder, CheckedTableFixture.Expect(last: last)));
    }

    [Fact]
    public async Task Rows_of_an_ingest_whose_end_nobody_knew_are_those_that_the_log_commits()
    {
        using var table = fixture.Copy();
        table.ChangeEntry(DamagedTable.Entry(Last), entry => entry["header"]!.AsObject().Remove("ingest"));
        AssertIds("I4", await TableChecker.CheckAsync(table.Folder, CheckedTableFixture.Expect(last: Told.Unknown)));
    }

    [Fact]
    public async Task An_undamaged_table_has_no_violations()
    {
        using var table = fixture.Copy();
        await TableChecker.AssertSoundAsync(table.Folder, CheckedTableFixture.Expect(), "As it was made");
    }

    [Fact]
    public async Task A_running_ingest_may_have_an_intent()
    {
        using var table = fixture.Copy();
        using (var own = await OpenAsync(table))
        {
            await own.StateStore.BeginAttemptAsync("running", TestContext.Current.CancellationToken);
        }

        var expected = CheckedTableFixture.Expect();
        AssertIds("I15", await TableChecker.CheckAsync(table.Folder, expected));
        expected.Add("running", Told.Nothing, [], isRunning: true);
        AssertIds("", await TableChecker.CheckAsync(table.Folder, expected));
    }

    [Fact]
    public async Task A_table_is_sound_after_maintenance_that_ends_attempts_forgets_and_trims()
    {
        var token = TestContext.Current.CancellationToken;
        using var table = fixture.Copy();
        using (var own = await OpenAsync(table))
        {
            await own.StateStore.ResolveAsync("refused", token);
            await own.StateStore.BeginAttemptAsync("died", token);
            await own.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, KeepLedger = TimeSpan.Zero, RemoveStaleSpillFiles = false }, token);
            for (int i = Last; i < 14; i++)
            {
                await CheckedTableFixture.IngestAsync(own, i);
            }

            await own.MaintainAsync(new MaintenanceOptions { RemoveStaleSpillFiles = false }, token);
        }

        Assert.Contains("\"body\":null", await File.ReadAllTextAsync(table.PathOf(DamagedTable.Entry(8)), token), StringComparison.Ordinal);
        await TableChecker.AssertSoundAsync(table.Folder, CheckedTableFixture.Expect(committed: 14), "After maintenance");

        string[] verified = Directory.GetFiles(table.PathOf("snapshots"), "verified.json", SearchOption.AllDirectories);
        verified.ToList().ForEach(File.Delete);
        var violation = Assert.Single(await TableChecker.CheckAsync(table.Folder, CheckedTableFixture.Expect(committed: 14)));
        Assert.Contains("no verified snapshot", violation.ToString(), StringComparison.Ordinal);
    }

    private static Task<OwnTable> OpenAsync(DamagedTable table) => OwnTable.OpenAsync(
        CheckedTableFixture.Store(table.Root), "default", CheckedTableFixture.Options, null, TestContext.Current.CancellationToken);

    private static void AssertIds(string ids, IReadOnlyList<Violation> violations)
    {
        string found = string.Join(' ', violations.Select(v => v.Id).Distinct().Order(StringComparer.Ordinal));
        Assert.True(ids == found, $"'{ids}' was expected, '{found}' was found:{Environment.NewLine}{string.Join(Environment.NewLine, violations)}");
    }

    private static JsonNode FirstReference(JsonObject entry) => entry["body"]!["files"]![0]!["references"]![0]!;

    private static void ChangeFirstEnd(JsonObject entry)
    {
        var key = entry["body"]!["partitions"]!.AsArray().First(p => p!["isLeafPartition"]!.GetValue<bool>() && p["region"]!["key"]!["max"] is not null)!["region"]!["key"]!;
        key["max"] = Convert.ToBase64String("k"u8);
    }

    private static Task Do(Action damage)
    {
        damage();
        return Task.CompletedTask;
    }
}
