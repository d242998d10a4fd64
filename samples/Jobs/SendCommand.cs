using Sleeper.Ingest.Core.Jobs;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Sends a job.</summary>
internal static class SendCommand
{
    public static async Task RunAsync(Arguments arguments, CancellationToken token)
    {
        var queue = Places.Queue(arguments.Value(0, "INBOX"));
        arguments.Value(2, "FILE");
        var job = new IngestJobMessage
        {
            Id = arguments.Option("--id") ?? Guid.NewGuid().ToString(),
            TableName = arguments.Value(1, "TABLE"),
            Files = [.. arguments.From(2).Select(Places.Absolute)],
            Once = arguments.Has("--once"),
        };
        string message = await queue.SendAsync(job.ToJson(), cancellationToken: token);
        Console.WriteLine($"The job '{job.Id}' is sent as message '{message}'.");
    }
}
