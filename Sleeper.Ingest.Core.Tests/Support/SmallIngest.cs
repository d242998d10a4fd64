using System.Globalization;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A small ingest that is repeated under faults, and what must hold of its table afterwards.</summary>
internal static class SmallIngest
{
    public const string Id = "the-ingest";

    public const int RowCount = 60;

    public static Schema Schema { get; } =
        Schema.Create().RowKey("key", FieldType.String).Value("ingest", FieldType.String).Value("number", FieldType.Int).Build();

    public static IReadOnlyList<FieldValue> SplitPoints { get; } = ["g", "p"];

    /// <summary>Rows of an ingest: every one tells whose it is. The keys meet all three leaves.</summary>
    public static IEnumerable<Row> Rows(string id = Id, int count = RowCount) => Enumerable.Range(0, count).Select(i =>
        new Row(Schema, ((char)('a' + (i * 7 % 26))).ToString(CultureInfo.InvariantCulture), id, i));

    /// <summary>How often the rows of each ingest are visible, after a check that none of them is there in part. No table has no rows.</summary>
    public static async Task<Dictionary<string, int>> CopiesAsync(IObjectStore store, int rowsPerIngest = RowCount, string table = "default")
    {
        if (!await OwnTable.ExistsAsync(store, table))
        {
            return [];
        }

        var rows = new List<Row>();
        await foreach (var row in (await Table.OpenAsync(store, table)).ReadAsync())
        {
            rows.Add(row);
        }

        Assert.True(rows.Zip(rows.Skip(1)).All(pair => RowOrder.Compare(pair.First, pair.Second) <= 0), "Rows are not in key order.");
        return rows.GroupBy(row => row.GetString(1)).ToDictionary(
            ingest => ingest.Key,
            ingest =>
            {
                int copies = ingest.Count() / rowsPerIngest;
                Assert.True(
                    ingest.GroupBy(row => row.GetInt(2)).All(number => number.Count() == copies) && ingest.Count() == copies * rowsPerIngest,
                    $"Of ingest '{ingest.Key}' {ingest.Count()} rows are visible.");
                return copies;
            });
    }

    /// <summary>Objects of a table that are neither of its state nor files (with their sketches) that it refers to.</summary>
    public static async Task<List<string>> StrayObjectsAsync(IObjectStore store, string table = "default")
    {
        var owned = new HashSet<string>();
        if (await OwnTable.ExistsAsync(store, table))
        {
            using var own = await OwnTable.OpenAsync(store, table, TableFixture.Options());
            var state = await own.StateStore.LoadStateAsync();
            foreach (string file in state.References.Select(r => own.Paths.InStore(r.FileName)))
            {
                owned.Add(file);
                owned.Add(DataFileNames.SketchesPath(file));
            }
        }

        return (await TableFixture.ObjectsAsync(store, $"{table}/")).FindAll(path =>
            !owned.Contains(path) && path != $"{table}/table.properties" && !path.StartsWith($"{table}/log/", StringComparison.Ordinal));
    }

    /// <summary>True if a table is there and its making came to its end.</summary>
    public static async Task<bool> HasPartitionsAsync(IObjectStore store)
    {
        if (!await OwnTable.ExistsAsync(store, "default"))
        {
            return false;
        }

        using var table = await OwnTable.OpenAsync(store, "default", TableFixture.Options());
        return await table.HasPartitionsAsync(CancellationToken.None);
    }

    /// <summary>The answer of the table to whether the ingest is committed.</summary>
    public static async Task<bool> ResolveAsync(IObjectStore store) =>
        await OwnTable.ExistsAsync(store, "default") && (await (await Table.OpenAsync(store, "default")).ResolveAsync(Id)).Committed is not null;
}
