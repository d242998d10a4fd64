// Whole jobs, timed once each, and parts, timed by BenchmarkDotNet. See ../README.md.
using BenchmarkDotNet.Running;
using Sleeper.Ingest.Benchmarks;
using Sleeper.Ingest.Benchmarks.Jobs;

const string Usage = """
    usage:
      s128     --input FILE --out FOLDER [job options]          the workload S128: 128 leaves of equal width
      flights  --input FILE --out FOLDER [job options]          the workload FLIGHTS: 16 leaves, quantiles of the origin
      wide     --input FILE --out FOLDER [job options]          the workload WIDE: 16 leaves of equal width in the first key
      rows     --rows N [--out FOLDER] [--kind row|typed] [job options]   rows made before the clock starts; both kinds if none is named
      duckdb-rows --rows N --out FOLDER [job options]           the rows of the job above into DuckDB, in this process (needs npm once)
      stream   --rows N [--out FOLDER] [--kind row|typed] [job options]   rows made while they are written
      commits  [--rows N] [--threads N] [--out FOLDER]          N ingests of one row each (1,000), by one writer and by four, without and with syncs
      jobs     [--rows N] [--threads N] [--out FOLDER] [--no-sync]   N jobs of 1,000 rows (1,000), worked off by so many processes (8)
      batch-size [--rows N] [--batches N,N] [--leaves N] [--arrival N] [--prices FILE] [--svg FILE] [--out FOLDER] [job options]
                                                                S128 in commits of 10^3 to 10^7 rows: speed, files, requests, dollars, delay; a plot
      memory   [--rows N] [--budgets N,N] [--leaves N,N] [--allocations] [--out FOLDER] [job options]
                                                                what a process holds above its budget; each pair in a process of its own
      allocations --input FILE [--out FOLDER] [job options]     what is allocated a row when a Parquet file is read a second time
      long     [--rows N] [--reference N] [--drop-cache] [--csv FILE] [--svg FILE] [--out FOLDER] [job options]
                                                                400 million rows of S128 made while they are written, against 10 million; all of them are read afterwards
      processes [--rows N] [--repeat N] [job options]           rows of S128 into one table by four processes at once, and by one
      leaves   [--rows N] [--leaves N,N] [--repeat N] [job options]   the same rows into 128 and into 10,000 leaves; files are thrown away
      shapes   [--rows N] [--shapes A,B] [--repeat N] [job options]   random, sorted, reverse, equal, prefix (40 letters in common), long (as long as those)
      bucket   --rows N | --input FILE [--repeat N] [job options]   S128 into a folder and into a bucket within the process, in turns; requests are counted
      lookup   --rows N [--commits N] [--filters] [--out FOLDER]  look-ups of one key in S128, with so many files in each leaf; Bloom filters on row keys
      parquet-read  --input FILE [--columns a,b] [file options] all values of a Parquet file into encoded rows
      parquet-write --input FILE [--columns a,b] [--codec zstd|snappy|uncompressed] [--level N] [--out FOLDER] [file options]
                                                                sorted rows in memory into a Parquet file; the input gives the rows
      generate --workload s128|wide --rows N --out FILE         an input file (needs node)
      parts    [arguments of BenchmarkDotNet]                   for example: parts --filter '*Sorter*'
    job options:
      [--threads N] [--memory BYTES] [--strategy file|reference] [--spill FOLDER] [--no-sync] [--profile]
    file options:
      [--threads N] [--repeat N]                                done N times (5) in one process; the median counts
    The last line of a job's output is one JSON object.
    """;

if (args.Length == 0)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

if (args[0] == "parts")
{
    BenchmarkSwitcher.FromAssembly(typeof(JobOptions).Assembly).Run(args[1..]);
    return 0;
}

try
{
    var options = JobOptions.Parse(args[1..]);
    switch (args[0])
    {
        case "s128":
            return await IngestJob.RunAsync(Workloads.S128, options);
        case "flights":
            return await IngestJob.RunAsync(Workloads.Flights, options);
        case "wide":
            return await IngestJob.RunAsync(Workloads.Wide, options);
        case "rows":
            return await RowsJob.RunAsync(options, isStream: false);
        case "duckdb-rows":
            return await DuckDbRowsJob.RunAsync(options);
        case "stream":
            return await RowsJob.RunAsync(options, isStream: true);
        case "commits":
            return await CommitsJob.RunAsync(options, args.Contains("--threads") ? options.Threads : 1);
        case "jobs":
            return await JobsJob.RunAsync(options, args.Contains("--threads") ? options.Threads : null);
        case "jobs-worker": // a process of the job above
            return await JobsJob.WorkAsync(options);
        case "batch-size":
            return await BatchSizeJob.RunAsync(options);
        case "memory":
            return await MemoryJob.RunAsync(options);
        case "allocations":
            return await AllocationsJob.RunAsync(options);
        case "long":
            return await LongJob.RunAsync(options);
        case "processes":
            return await ProcessesJob.RunAsync(options);
        case "processes-worker": // a process of the job above
            return await ProcessesJob.WorkAsync(options);
        case "leaves":
            return await LeavesJob.RunAsync(options);
        case "shapes":
            return await ShapesJob.RunAsync(options);
        case "bucket":
            return await BucketJob.RunAsync(options);
        case "lookup":
            return await LookupJob.RunAsync(options);
        case "parquet-read":
            return await ParquetReadJob.RunAsync(options);
        case "parquet-write":
            return await ParquetWriteJob.RunAsync(options);
        case "generate":
            return await GenerateJob.RunAsync(options);
        default:
            throw new ArgumentException($"There is no job '{args[0]}'.");
    }
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(Usage);
    return 2;
}
