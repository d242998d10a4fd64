using Sleeper.Ingest.Core.Jobs;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Sends a job.</summary>
internal static class SendCommand
{
    public static async Task RunAsync(Arguments arguments, CancellationToken token)
    {
        var places = new Places(arguments.Option("--endpoint"));
        string inbox = arguments.Value(0, "INBOX");
        arguments.Value(2, "FILE");
        var job = new IngestJobMessage
        {
            Id = arguments.Option("--id") ?? Guid.NewGuid().ToString(),
            TableName = arguments.Value(1, "TABLE"),
            Files = [.. arguments.From(2).Select(Places.Absolute)],
            Once = arguments.Has("--once"),
        };
        if (Places.IsInstance(inbox))
        {
            using var instance = await places.InstanceAsync(inbox, token);
            await new InstanceJobSender(instance, places.Sqs).SendAsync(job, token);
            Console.WriteLine($"The job '{job.Id}' is sent to the instance '{instance.Id}'.");
            return;
        }

        string message = await places.Queue(inbox).SendAsync(job.ToJson(), cancellationToken: token);
        Console.WriteLine($"The job '{job.Id}' is sent as message '{message}'.");
    }
}
