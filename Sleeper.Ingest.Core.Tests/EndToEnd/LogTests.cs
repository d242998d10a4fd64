using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

public class LogTests
{
    [Fact]
    public async Task A_map_with_a_repeated_key_in_a_file_gives_one_warning_that_names_file_and_field()
    {
        var log = await IngestProbeAsync("map with duplicate string keys");

        var warning = Assert.Single(log.Lines, line => line.Level == LogLevel.Warning);
        Assert.Contains("probe.parquet", warning.Text, StringComparison.Ordinal);
        Assert.Contains("'m'", warning.Text, StringComparison.Ordinal);
        Assert.Contains("the last entry counts", warning.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_without_a_field_are_named_once_and_nothing_else_is_worth_a_warning()
    {
        var log = await IngestProbeAsync("extra column");

        Assert.Single(log.Lines, line => line.Text.Contains("passed over", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_dot_in_the_name_of_a_value_field_gives_one_warning_and_no_value_of_a_row_is_logged()
    {
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("a.b", FieldType.String).Build();
        using var log = new LogRecorder();
        await IngestedTable.IngestAsync(schema, [new Row(schema, "canary-key", "canary-value")], factory => factory.UseLoggerFactory(log));

        Assert.Contains("'a.b'", Assert.Single(log.Lines, line => line.Level == LogLevel.Warning).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines, line => line.Text.Contains("canary", StringComparison.Ordinal));
    }

    private static async Task<LogRecorder> IngestProbeAsync(string title)
    {
        var probe = ReaderProbes.All().Single(p => p.Title == title);
        var input = new InMemoryObjectStore();
        await input.PutAsync("probe.parquet", probe.Write());
        var log = new LogRecorder();
        await IngestedTable.IngestAsync(
            probe.Schema,
            writer => writer.WriteParquetAsync(input, "probe.parquet", TestContext.Current.CancellationToken),
            factory => factory.UseLoggerFactory(log));
        return log;
    }
}
