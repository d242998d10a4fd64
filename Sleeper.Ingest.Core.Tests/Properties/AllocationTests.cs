using System.Globalization;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

public class AllocationTests
{
    [Fact]
    public async Task Twice_the_rows_allocate_less_than_a_byte_more_for_each()
    {
        const int Rows = 200_000;
        using var folder = new TemporaryFolder();
        await using var worker = WorkerProcess.Start("allocations", "--root", folder.Path, "--rows", Rows.ToString(CultureInfo.InvariantCulture));
        string[] ways = ["typed", "parquet"];
        foreach (string way in ways)
        {
            string? line = await worker.ReadLineAsync();
            Assert.StartsWith(way + " ", line, StringComparison.Ordinal);
            double bytesPerRow = double.Parse(line![(way.Length + 1)..], CultureInfo.InvariantCulture) / Rows;
            Assert.True(bytesPerRow < 1, $"{way}: {bytesPerRow} bytes a row.");
        }

        await worker.ExpectSuccessAsync();
    }
}
