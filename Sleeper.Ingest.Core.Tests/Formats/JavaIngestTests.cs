using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Item 45 of the checklist of data files: what the Java original was given, ingested here, gives what it gave.</summary>
public sealed class JavaIngestTests
{
    [Fact]
    public async Task Item_45_kept_cases_give_the_rows_schema_and_counts_of_the_java_ingest() => Assert.True(await CompareAsync(IngestCase.KeptFolder) >= 12);

    [Fact]
    public async Task Item_45_all_cases_give_the_rows_schema_and_counts_of_the_java_ingest()
    {
        string? folder = ParquetFixtures.LargeFolder("fixtures", "data-files");
        if (folder is null)
        {
            Assert.Skip("The whole set of data files does not lie beside the project.");
        }

        Assert.True(await CompareAsync(folder) >= 36);
    }

    private static async Task<int> CompareAsync(string root)
    {
        int cases = 0;
        foreach (var given in IngestCase.All(root))
        {
            await CompareAsync(given);
            cases++;
        }

        return cases;
    }

    private static async Task CompareAsync(IngestCase given)
    {
        var table = await IngestedTable.IngestAsync(given.Schema, given.Input, given.Apply, given.Partitions);

        Assert.True(CountsByLeaf(given).SequenceEqual(CountsByLeaf(table)), $"{given.Name}: {string.Join(' ', CountsByLeaf(table))}, Java has {string.Join(' ', CountsByLeaf(given))}");
        await AssertSameSchemaAsync(given, table);
        await AssertSameRowsAsync(given, table);
    }

    private static IEnumerable<(string Leaf, long Rows)> CountsByLeaf(IngestCase given) =>
        given.Table.References.GroupBy(r => r.PartitionId).Select(g => (g.Key, g.Sum(r => r.RowCount))).OrderBy(p => p.Key, StringComparer.Ordinal);

    private static IEnumerable<(string Leaf, long Rows)> CountsByLeaf(IngestedTable table) =>
        table.Result.Files.SelectMany(f => f.References).Select(r => (Leaf: r.PartitionId, Rows: r.RowCount)).OrderBy(p => p.Leaf, StringComparer.Ordinal);

    private static async Task AssertSameSchemaAsync(IngestCase given, IngestedTable table)
    {
        for (int file = 0; file < table.Result.Files.Count; file++)
        {
            var ours = await table.PartsAsync(file);
            var javas = await DataFileParts.OpenAsync(given.ReadDataFile(given.Table.DataFiles[0]));
            Assert.Equal(ParquetMessage.Text(javas.Schema), ParquetMessage.Text(ours.Schema));
            Assert.Equal(
                javas.Schema.Columns.Select(c => (c.DottedPath, c.MaxDefinitionLevel, c.MaxRepetitionLevel)),
                ours.Schema.Columns.Select(c => (c.DottedPath, c.MaxDefinitionLevel, c.MaxRepetitionLevel)));
        }
    }

    /// <summary>Sorted by key, and as multisets the same: so equal within each key.</summary>
    private static async Task AssertSameRowsAsync(IngestCase given, IngestedTable table)
    {
        var rows = new List<string>();
        for (int file = 0; file < table.Result.Files.Count; file++)
        {
            var ofFile = await table.RowsAsync(file);
            Assert.True(TableModel.IsSorted(ofFile, given.Schema, KeyOrder.Bytes), $"{given.Name}, file {file}");
            rows.AddRange(ofFile.Select(RowText.OfWithSortedMaps));
        }

        var expected = given.Table.ExpectedRows().SelectMany(file => file).Select(RowText.OfWithSortedMaps).Order(StringComparer.Ordinal);
        Assert.True(expected.SequenceEqual(rows.Order(StringComparer.Ordinal)), $"{given.Name}: other rows than Java's");
    }
}
