// Shows: jobs that name Parquet files are sent to an inbox, worked off by any number of processes, each once, and watched.
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Samples;

const string Usage = """
    usage: dotnet run -c Release --project samples/Jobs -- COMMAND

      create TABLES TABLE FILE --row-key NAME [--sort-key NAME] [--leaves N]   a table with the columns of a Parquet file; its leaves by its first rows
      send   INBOX TABLE FILE... [--id ID] [--once]                            a job: files, and folders of files
      work   TABLES INBOX [--at-a-time N] [--until-empty]                      works jobs off until it is stopped; start as many as you like
      start  TABLES INBOX [--max N] [--jobs-per-task N] [--until-empty]        starts as many workers as the inbox is long
      status TABLES [TABLE] [--job ID | --unfinished | --rejected | --task ID | --hours N] [--watch]

      TABLES  a folder that holds tables, s3://bucket/prefix, or sleeper://ID for a deployed instance
      INBOX   a folder, s3://bucket/prefix, or the address of an SQS queue (https://...). A file NAME.json put into the folder by hand is a job, too:
              {"tableName":"flights","files":["/data/flights.parquet"]}

      Of an instance INBOX is sleeper://ID to send to, and left out to work and start: its own queue, as its properties say. create has --property NAME=VALUE
      in place of --leaves, and start has --ecs to start the instance's own tasks. --endpoint URL is another service than AWS, such as an emulator.
    """;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

try
{
    var arguments = new Arguments(args);
    switch (arguments.Command)
    {
        case "create":
            await CreateCommand.RunAsync(arguments, stop.Token);
            break;
        case "send":
            await SendCommand.RunAsync(arguments, stop.Token);
            break;
        case "work":
            await WorkCommand.RunAsync(arguments, stop.Token);
            break;
        case "start":
            await StartCommand.RunAsync(arguments, stop.Token);
            break;
        case "status":
            await StatusCommand.RunAsync(arguments, stop.Token);
            break;
        default:
            throw new ArgumentException(args.Length == 0 ? "Which command?" : $"There is no command '{arguments.Command}'.");
    }

    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(Usage);
    return 2;
}
catch (Exception e) when (e is IngestException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
