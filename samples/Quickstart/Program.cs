// Shows: a Parquet file becomes a sorted, partitioned table in a folder, with progress, and rows of one key are read back.
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Samples;
using Sleeper.Ingest.Core.StateStores;

if (Arguments.Parse(args) is not { } arguments)
{
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true; // the writer is disposed on the way out, so nothing is left behind
    stop.Cancel();
};

try
{
    IngestResult result = await ProgressDisplay.RunAsync(arguments.InputPath, async progress =>
    {
        var factory = IngestFactory.Create().WithFolder(arguments.Folder).WithTable(arguments.TableName).WithProgress(progress);
        await using var writer = await OpenAsync(factory, stop.Token);
        await writer.WriteParquetAsync(arguments.InputPath, stop.Token);
        return await writer.CompleteAsync(stop.Token);
    });

    var table = await Table.OpenAsync(arguments.Folder, arguments.TableName, stop.Token);
    var description = await table.DescribeAsync(stop.Token);
    Report.PrintIngest(result, description);
    Report.PrintLeaves(description);
    await Report.PrintSomeRowsAsync(table, description, stop.Token);
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Cancelled: nothing was added to the table.");
    return 130;
}
catch (Exception e) when (e is IngestException or ArgumentException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

// A table that is there knows its schema and its leaves; a new one takes the schema from the file and the leaves from its first rows.
async Task<IIngestWriter> OpenAsync(IngestFactory factory, CancellationToken token)
{
    try
    {
        return await factory.OpenAsync(token);
    }
    catch (TableNotFoundException)
    {
        var schema = await ParquetFiles.ReadSchemaAsync(arguments.InputPath, arguments.RowKeys, arguments.SortKeys, cancellationToken: token);
        return await factory.WithSchema(schema).WithPreSplit(arguments.LeafCount).OpenAsync(token);
    }
}
