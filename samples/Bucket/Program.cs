// Shows: a table in a bucket and nowhere else. Each day's readings are one ingest with an id of its own, so that running it again adds nothing.
using System.Diagnostics;
using System.Globalization;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Samples.Bucket;
using Sleeper.Ingest.Core.Schemas;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (Arguments.Parse(args) is not { } arguments)
{
    return 2;
}

try
{
    using var store = new S3ObjectStore(
        arguments.Bucket, new S3ObjectStoreOptions { ServiceUrl = arguments.Endpoint, Region = arguments.Region, KeyPrefix = arguments.Prefix });
    await IngestDayAsync(store);
    await ReadDeviceAsync(store, "device-0042");
    return 0;
}
catch (Exception e) when (e is IngestException or ArgumentException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

// IngestFactory.UseS3Bucket(bucket, options) makes the store on the way; here it is kept for the reads below.
async Task IngestDayAsync(S3ObjectStore store)
{
    var clock = Stopwatch.StartNew();
    var factory = IngestFactory.Create().UseObjectStore(store).WithTable(arguments.TableName).WithSchema(Readings.Schema).WithSplitPoints("device-0250", "device-0500", "device-0750");
    await using var writer = await factory.WithIngestId($"day-{arguments.Day}").OpenAsync();
    await writer.WriteAsync(Readings.OfDay(arguments.Day));
    var result = await writer.CompleteAsync();
    Console.WriteLine(result.Outcome == IngestOutcome.AlreadyCommitted
        ? $"Day {arguments.Day} is in {store.Name}/{arguments.TableName} since commit {result.CommitNumber}: nothing was added."
        : $"Day {arguments.Day}: {result.RowCount:N0} readings in {result.Files.Count} files, commit {result.CommitNumber}, {clock.Elapsed.TotalSeconds:F1} s, to {store.Name}/{arguments.TableName}.");
}

async Task ReadDeviceAsync(S3ObjectStore store, string device)
{
    var table = await Table.OpenAsync(store, arguments.TableName);
    long count = 0;
    double sum = 0;
    await foreach (var row in table.ReadAsync(device))
    {
        count++;
        sum += row["milliwatts"].AsInt();
    }

    Console.WriteLine($"{device}: {count:N0} readings, {sum / count / 1000:F3} W on average.");
}
