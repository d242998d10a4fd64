using System.Globalization;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Prints what happened, as plain text.</summary>
internal static class Report
{
    private const int RowsShown = 5;

    public static void PrintIngest(IngestResult result, TableDescription table)
    {
        double seconds = result.Times.Total.TotalSeconds;
        Print($"{result.RowCount:N0} rows in {result.Files.Count} files for {table.Leaves.Count} leaves, commit {result.CommitNumber}");
        Print($"bytes      {result.InputBytes:N0} in, {result.OutputBytes:N0} out, {result.SpilledBytes:N0} spilled");
        Print($"time       {seconds:N2} s, {result.RowCount / seconds:N0} rows/s");
        Print($"the table  {table.RowCount:N0} rows in {table.FileCount} files, {table.LengthBytes:N0} bytes, after {(table.TransactionNumber == 1 ? "one commit" : $"{table.TransactionNumber} commits")}");
    }

    public static void PrintLeaves(TableDescription table)
    {
        Print($"");
        Print($"{"leaf",4}  {"from",-12} {"to",-12} {"rows",12} {"files",6}");
        for (int i = 0; i < table.Leaves.Count; i++)
        {
            var leaf = table.Leaves[i];
            var range = leaf.Region.Ranges[0];
            Print($"{i,4}  {Bound(range.Min),-12} {Bound(range.Max),-12} {leaf.RowCount,12:N0} {leaf.FileCount,6}");
        }
    }

    /// <summary>The first rows of the key at which the middle leaf begins.</summary>
    public static async Task PrintSomeRowsAsync(Table table, TableDescription description, CancellationToken cancellationToken)
    {
        var key = description.Leaves[description.Leaves.Count / 2].Region.Ranges[0].Min;
        var rows = key.IsNull ? table.ReadAsync(cancellationToken) : table.ReadAsync(key, cancellationToken);
        Print($"");
        Print($"the first rows of {table.Schema.RowKeyFields[0].Name} {Bound(key)}:");
        int shown = 0;
        await foreach (Row row in rows)
        {
            Print($"  {row}");
            if (++shown == RowsShown)
            {
                return;
            }
        }
    }

    private static string Bound(FieldValue value) => value.IsNull ? "-" : value.ToString();

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
