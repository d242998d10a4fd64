using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Data files that the Java Sleeper wrote, column by column against the rows that its own reader gave.</summary>
public class JavaDataFileTests
{
    [Fact]
    public async Task Kept_data_files_give_the_rows_of_the_java_reader() =>
        Assert.True(await CompareAll(ParquetFixtures.KeptFolder) >= 10);

    [Fact]
    public async Task All_data_files_give_the_rows_of_the_java_reader()
    {
        string? folder = ParquetFixtures.LargeFolder("fixtures", "data-files");
        if (folder is null)
        {
            Assert.Skip("The whole set of data files does not lie beside the project.");
        }

        Assert.True(await CompareAll(folder) >= 200);
    }

    private static async Task<int> CompareAll(string folder)
    {
        int files = 0;
        IEnumerable<string> cases = Directory.EnumerateFiles(folder, "expected.jsonl", SearchOption.AllDirectories).Select(file => Path.GetDirectoryName(file)!);
        IEnumerable<string> paths = cases.SelectMany(path => Directory.EnumerateFiles(path, "*.parquet", SearchOption.AllDirectories)).Distinct(StringComparer.Ordinal);
        foreach (string path in paths.Order(StringComparer.Ordinal))
        {
            if (CaseFolder(path) is not { } caseFolder)
            {
                continue;
            }

            await Compare(path, caseFolder, stretch: (files % 5) switch { 0 => 1, 1 => 7, 2 => 100, 3 => 1 << 20, _ => 333 });
            files++;
        }

        return files;
    }

    /// <summary>The folder around the file that says what rows the Java reader gives; null for files of others.</summary>
    private static string? CaseFolder(string path)
    {
        string? folder = Path.GetDirectoryName(path);
        while (folder is not null && !File.Exists(Path.Combine(folder, "expected.jsonl")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder;
    }

    private static async Task Compare(string path, string caseFolder, int stretch)
    {
        var source = new BytesSource(path, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        List<string> expected = ParquetFixtures.ExpectedRows(caseFolder, Path.GetFileNameWithoutExtension(path), file.Schema);

        List<string> actual = await CanonicalRows.ReadAsync(source, stretch);

        Assert.True(expected.SequenceEqual(actual), $"{path}: {actual.Count} rows, {expected.Count} expected; first difference at row {FirstDifference(expected, actual)}.");
    }

    private static int FirstDifference(List<string> expected, List<string> actual) =>
        expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
}
