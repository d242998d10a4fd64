namespace Sleeper.Ingest.Core.Samples;

/// <summary>Makes a table with the columns of a Parquet file.</summary>
internal static class CreateCommand
{
    public static async Task RunAsync(Arguments arguments, CancellationToken token)
    {
        var places = new Places(arguments.Option("--endpoint"));
        string place = arguments.Value(0, "TABLES");
        string name = arguments.Value(1, "TABLE");
        string file = arguments.Value(2, "FILE");
        var schema = await ParquetFiles.ReadSchemaAsync(file, arguments.Options("--row-key"), arguments.Options("--sort-key"), cancellationToken: token);
        if (Places.IsInstance(place))
        {
            using var instance = await places.InstanceAsync(place, token);
            var properties = arguments.Options("--property").Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p.ElementAtOrDefault(1) ?? "");
            await Table.CreateAsync(instance, name, schema, null, properties, token);
            Console.WriteLine($"The instance '{instance.Id}' has the table '{name}'.");
            return;
        }

        var store = places.Store(place);
        int leaves = arguments.Number("--leaves", 1);
        if (leaves == 1)
        {
            await Table.CreateAsync(store, name, schema, cancellationToken: token);
        }
        else
        {
            // The first rows say where to split; an ingest that is not completed leaves the partitions, and no rows.
            await using var writer = await IngestFactory.Create().UseObjectStore(store).WithTable(name).WithSchema(schema).WithPreSplit(leaves).OpenAsync(token);
            await writer.WriteParquetAsync(file, token);
            await writer.CompleteAsync(token);
        }

        var table = await (await Table.OpenAsync(store, name, token)).DescribeAsync(token);
        Console.WriteLine($"The table '{name}' has {table.Leaves.Count} leaves and {table.RowCount} rows.");
    }
}
