using System.Diagnostics;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>
/// What the look-up of one key costs in a table of S128: its rows are made, ingested in so many commits as each leaf shall have files, and then single keys are
/// read, those of rows that are there and others, with the bytes of data files counted.
/// </summary>
internal static class LookupJob
{
    private const int Lookups = 200;

    public static async Task<int> RunAsync(JobOptions options)
    {
        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-lookup-").FullName;
        try
        {
            var present = await IngestAsync(options.With(folder, isTyped: true));
            var store = new CountingStore(new LocalObjectStore(folder));
            var table = await Table.OpenAsync(store, Workloads.S128.Name);
            await RunAsync(table, store, present.Take(10));
            Print(options, "present", await RunAsync(table, store, present));
            Print(options, "absent", await RunAsync(table, store, present.Select(key => key + "!")));
        }
        finally
        {
            if (!options.HasOutput)
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    /// <summary>Fills the table and returns keys from all over it.</summary>
    private static async Task<List<string>> IngestAsync(JobOptions options)
    {
        var schema = Workloads.S128.Schema;
        var factory = Workloads.S128.Configure(options);
        if (options.HasFilters)
        {
            factory.WithRowKeyBloomFilters();
        }

        var keys = new List<string>();
        long perCommit = options.Rows / options.Commits;
        long perKey = Math.Max(1, options.Rows / Lookups);
        using var rows = S128Row.Generate(options.Rows).GetEnumerator();
        long number = 0;
        for (int commit = 0; commit < options.Commits; commit++)
        {
            await using var writer = await factory.OpenAsync();
            await writer.WriteAsync(Next(perCommit), S128Row.Mapping);
            await writer.CompleteAsync();
        }

        return keys;

        IEnumerable<S128Row> Next(long count)
        {
            for (long i = 0; i < count && rows.MoveNext(); i++)
            {
                if (number++ % perKey == 0)
                {
                    keys.Add(rows.Current.Key);
                }

                yield return rows.Current;
            }
        }
    }

    private static async Task<List<Lookup>> RunAsync(Table table, CountingStore store, IEnumerable<string> keys)
    {
        var lookups = new List<Lookup>();
        foreach (string key in keys)
        {
            store.Take();
            long begin = Stopwatch.GetTimestamp();
            int rows = 0;
            await foreach (var row in table.ReadAsync(FieldValue.FromString(key)))
            {
                rows++;
            }

            var elapsed = Stopwatch.GetElapsedTime(begin);
            var (bytes, reads) = store.Take();
            lookups.Add(new Lookup(rows, bytes, reads, elapsed));
        }

        return lookups;
    }

    private static void Print(JobOptions options, string keys, List<Lookup> lookups)
    {
        if (lookups.Any(l => l.Rows == 0) != (keys == "absent"))
        {
            throw new InvalidOperationException($"Of {lookups.Count} look-ups of {keys} keys {lookups.Count(l => l.Rows == 0)} found no row.");
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            workload = "lookup",
            keys,
            rows = options.Rows,
            filesOfLeaf = options.Commits,
            hasFilters = options.HasFilters,
            lookups = lookups.Count,
            medianBytes = Median(lookups, l => l.Bytes),
            mostBytes = lookups.Max(l => l.Bytes),
            medianReads = Median(lookups, l => l.Reads),
            medianMilliseconds = Math.Round(Median(lookups, l => l.Elapsed.TotalMilliseconds), 2),
        }));
    }

    private static T Median<T>(IEnumerable<Lookup> lookups, Func<Lookup, T> figure) => lookups.Select(figure).Order().ElementAt(lookups.Count() / 2);

    private readonly record struct Lookup(int Rows, long Bytes, long Reads, TimeSpan Elapsed);
}
