using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Reads against a plain model: every row of every reference inside its region, in one stable order.</summary>
public sealed class TableReaderTests
{
    private const int Seeds = 150;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_whole_table_comes_in_key_order_and_equal_keys_in_the_order_of_references_and_files()
    {
        await ForEachSeed(async (table, _) =>
        {
            Assert.Equal(table.Expected(), await Read(table, KeyFilter.Everything));
        });
    }

    [Fact]
    public async Task A_range_of_the_first_row_key_gives_exactly_its_rows()
    {
        await ForEachSeed(async (table, random) =>
        {
            var type = table.Schema.RowKeyFields[0].Type;
            var min = random.Next(4) == 0 ? FieldValue.Null : table.RandomKey(type);
            var max = random.Next(4) == 0 ? FieldValue.Null : table.RandomKey(type);
            var expected = table.Expected().Where(row =>
                (min.IsNull || KeyValueOrder.Compare(min, row[0], table.Order) <= 0) && (max.IsNull || KeyValueOrder.Compare(row[0], max, table.Order) < 0));

            Assert.Equal(expected, await Read(table, KeyFilter.Between(table.Schema, table.Order, min, max)));
        });
    }

    [Fact]
    public async Task A_row_key_or_the_first_of_its_fields_gives_exactly_its_rows()
    {
        await ForEachSeed(async (table, random) =>
        {
            int given = random.Next(1, table.Schema.RowKeyFields.Count + 1);
            var all = table.Expected();
            FieldValue[] key = all.Count > 0 && random.Next(4) > 0
                ? TableModel.RowKey(all[random.Next(all.Count)], table.Schema)[..given]
                : [.. table.Schema.RowKeyFields.Take(given).Select(f => table.RandomKey(f.Type))];
            var expected = all.Where(row => row.Values[..given].SequenceEqual(key));

            Assert.Equal(expected, await Read(table, KeyFilter.Exactly(table.Schema, table.Order, key)));
        });
    }

    private static async Task ForEachSeed(Func<RandomTable, Random, Task> check)
    {
        int first = SampleRows.NextSeed() & 0xFFFFFF;
        for (int seed = first; seed < first + Seeds; seed++)
        {
            var table = new RandomTable(seed, seed % 3 == 0 ? KeyOrder.Java : KeyOrder.Bytes);
            try
            {
                await check(table, new Random(seed));
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"Seed {seed} (SAMPLE_ROWS_SEED={seed}): {fault.Message}", fault);
            }
        }
    }

    private static async Task<List<Row>> Read(RandomTable table, KeyFilter filter)
    {
        var rows = new List<Row>();
        await foreach (var row in new TableReader(table.Context()).ReadAsync(table.State, filter, Token))
        {
            rows.Add(row);
        }

        return rows;
    }
}
