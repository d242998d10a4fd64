using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>
/// Item 47 of the checklist of data files: files of every layout that the Java reader was tried with, as ingest input. What is read is read right, and
/// what is not is refused by name before a row of it counts: a list or map that a file holds never becomes null in silence.
/// </summary>
public sealed class ReaderProbeTests
{
    /// <summary>What the Java original could not write, or what was given to it as rows; DuckDB's files have tests of their own.</summary>
    private static readonly string[] NotFiles = ["codec LZO ", "codec LZ4 ", "null or absent non-nullable value", "Integer where the field is long", "a value the schema does not have", "unpaired surrogate", "map with two equal byte array keys"];

    public static TheoryData<string> Titles => [.. ReaderProbes.All().Select(p => p.Title)];

    [Theory]
    [MemberData(nameof(Titles))]
    public async Task Item_47(string title)
    {
        var probe = ReaderProbes.All().Single(p => p.Title == title);
        var input = new InMemoryObjectStore();
        await input.PutAsync("probe.parquet", probe.Write());
        var store = new InMemoryObjectStore();
        Task<IngestedTable> Ingest() =>
            IngestedTable.IngestAsync(probe.Schema, writer => writer.WriteParquetAsync(input, "probe.parquet", TestContext.Current.CancellationToken), store: store);

        if (probe.Rows is { } rows)
        {
            Assert.Equal(rows.Select(row => RowJson.Parse(row, probe.Schema)), await (await Ingest()).AllRowsAsync());
            return;
        }

        var fault = await Assert.ThrowsAnyAsync<IngestException>(Ingest);
        Assert.All(probe.Words, word => Assert.Contains(word, fault.Message, StringComparison.Ordinal));
        Assert.Empty(await IngestedTable.DataObjectsAsync(store));
    }

    [Fact]
    public void Item_47_no_file_that_the_java_reader_was_tried_with_is_left_out()
    {
        string? folder = ParquetFixtures.LargeFolder("fixtures", "data-files");
        if (folder is null)
        {
            Assert.Skip("The list of files that the Java reader was tried with does not lie beside the project.");
        }

        var ours = ReaderProbes.All().Select(p => p.Title).ToHashSet(StringComparer.Ordinal);
        var javas = File.ReadLines(Path.Combine(folder, "reader-probes.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Split('|')[1].Trim()).Where(title => title is not ("File" or "Row")).ToList();

        Assert.InRange(javas.Count, 90, int.MaxValue);
        Assert.DoesNotContain(javas, title => !ours.Contains(title) && !NotFiles.Any(n => title.StartsWith(n, StringComparison.Ordinal)));
    }
}
