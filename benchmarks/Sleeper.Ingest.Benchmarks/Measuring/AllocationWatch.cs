using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Which types are allocated: of every hundred kilobytes the runtime names one. For <c>--allocations</c>; it costs time.</summary>
internal sealed class AllocationWatch : EventListener
{
    private const string Runtime = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords Collector = (EventKeywords)0x1;

    private readonly ConcurrentDictionary<string, long> _bytes = new();

    /// <summary>Prints the types with the most bytes since the last time.</summary>
    public void Print(string title)
    {
        Console.WriteLine($"{title}: {string.Join(", ", _bytes.OrderByDescending(p => p.Value).Take(12).Select(p => $"{p.Key} {p.Value / 1e6:N1} MB"))}");
        _bytes.Clear();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Runtime)
        {
            EnableEvents(eventSource, EventLevel.Verbose, Collector);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) == true && eventData.PayloadNames is { } names)
        {
            string type = (string)eventData.Payload![names.IndexOf("TypeName")]!;
            bool isLarge = Convert.ToInt64(eventData.Payload[names.IndexOf("AllocationKind")]!, System.Globalization.CultureInfo.InvariantCulture) == 1;
            long bytes = Convert.ToInt64(eventData.Payload[names.IndexOf("AllocationAmount64")]!, System.Globalization.CultureInfo.InvariantCulture);
            _bytes.AddOrUpdate(isLarge ? type + " (large)" : type, bytes, (_, sum) => sum + bytes);
        }
    }
}
