using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>
/// A second opinion on an own table in a folder: parses its files with nothing of the library (FORMAT.md is all it knows), reads the data with DuckDB,
/// and compares with what was written.
/// </summary>
/// <remarks>
/// <code>
/// I1  told committed: every row once           I9   rows lie in the partitions of their references, each in one
/// I2  otherwise: all rows or none              I10  sketches have count, extremes and quantiles of their file
/// I3  told failed: no row                      I11  the leaves tile the key space, parents agree with children
/// I4  told unknown: the log says what is there I12  the logs have no gap, digests and chain hold, every snapshot is what the log says
/// I5  no foreign or altered row                I13  an ingest has one commit, a file one entry; nobody commits after an END
/// I6  files and sketches exist and can be read I14  no unfinished file
/// I7  all counts of rows agree                 I15  no object without a reason
/// I8  rows are in the order of their keys      I16  an ingest keeps to its memory
///                                              I18  a cancelled ingest returns within a second
/// </code>
/// Knows the transactions that this library puts itself and SPLIT_PARTITION; fields of one value only.
/// </remarks>
internal static class TableChecker
{
    /// <param name="tableFolder">The folder with <c>table.properties</c>; nobody changes it meanwhile.</param>
    /// <param name="expected">What was written.</param>
    /// <returns>What is wrong; empty if nothing is.</returns>
    public static async Task<IReadOnlyList<Violation>> CheckAsync(string tableFolder, ExpectedTable expected)
    {
        var violations = new List<Violation>();
        var properties = CheckedProperties.Read(Path.Combine(tableFolder, "table.properties"));
        var partitions = LogCheck.Read(tableFolder, "partitions", properties.TableId, violations);
        var files = LogCheck.Read(tableFolder, "files", properties.TableId, violations);
        var tree = TreeCheck.Replay(partitions, long.MaxValue, properties);
        violations.AddRange(TreeCheck.Check(tree, properties));
        var referenced = new FilesReplay(tableFolder, properties, files, partitions, violations).Run();
        var rows = await new DataCheck(tableFolder, properties, expected, tree, violations).RunAsync(referenced);
        violations.AddRange(IngestCheck.Check(expected, rows, files));
        violations.AddRange(expected.Ingests.Values.SelectMany(ingest => ingest.Run?.Check(ingest.Id) ?? []));
        violations.AddRange(ObjectCheck.Check(tableFolder, properties, expected, referenced));
        return violations;
    }

    /// <summary>Fails with everything that is wrong with a table of a store that has no folder; its objects are copied to one.</summary>
    public static async Task AssertSoundAsync(IObjectStore store, string table, ExpectedTable expected, string context)
    {
        using var folder = new TemporaryFolder();
        foreach (string path in await TableFixture.ObjectsAsync(store, $"{table}/"))
        {
            string copy = Path.Combine(folder.Path, path);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            await File.WriteAllBytesAsync(copy, await TableFixture.ReadAsync(store, path));
        }

        await AssertSoundAsync(Path.Combine(folder.Path, table), expected, context);
    }

    /// <summary>Fails with everything that is wrong.</summary>
    public static async Task AssertSoundAsync(string tableFolder, ExpectedTable expected, string context)
    {
        var violations = await CheckAsync(tableFolder, expected);
        Assert.True(violations.Count == 0, $"{context}: {string.Join(Environment.NewLine, violations)}");
    }
}
