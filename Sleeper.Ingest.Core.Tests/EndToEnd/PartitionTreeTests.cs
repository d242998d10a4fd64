using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Partitioning;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

public class PartitionTreeTests
{
    private static readonly Schema Schema =
        Schema.Create().RowKey("x", FieldType.Int).RowKey("y", FieldType.String).SortKey("z", FieldType.Long).Build();

    [Fact]
    public async Task A_new_table_takes_a_tree_that_is_split_on_two_row_keys()
    {
        var tree = LeafRouterTests.TwoDimensionalTree();
        var store = new InMemoryObjectStore();
        Row[] rows = [new(Schema, 20, "a", 1L), new(Schema, -5, "z", 2L), new(Schema, -5, "a", 3L), new(Schema, 9, "b", 4L), new(Schema, 10, "", 5L)];
        await using var writer = await IngestFactory.Create().UseObjectStore(store).WithSchema(Schema).WithPartitions(tree).OpenAsync();
        await writer.WriteAsync(rows);
        var result = await writer.CompleteAsync();

        Assert.Equal(["low-a 2", "low-m 1", "high 2"], result.Files.SelectMany(f => f.References).Select(r => $"{r.PartitionId} {r.RowCount}"));
        var table = await Table.OpenAsync(store, "default");
        var read = new List<Row>();
        await foreach (var row in table.ReadAsync())
        {
            read.Add(row);
        }

        Assert.Equal(rows.OrderBy(r => r.GetInt(0)).ThenBy(r => r.GetString(1), StringComparer.Ordinal), read);
    }

    [Fact]
    public void A_tree_and_split_points_exclude_each_other()
    {
        var factory = IngestFactory.Create().UseObjectStore(new InMemoryObjectStore()).WithSchema(Schema)
            .WithPartitions(LeafRouterTests.TwoDimensionalTree()).WithSplitPoints(1, 2);

        Assert.Contains("a partition tree excludes split points", Assert.Throws<ArgumentException>(factory.Build).Message, StringComparison.Ordinal);
    }
}
