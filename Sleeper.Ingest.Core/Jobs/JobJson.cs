using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Updates as JSON, for trackers that keep them as objects. Members without a value are left out; times are ISO text in UTC.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(JobUpdate))]
[JsonSerializable(typeof(IngestTaskUpdate))]
internal sealed partial class JobJson : JsonSerializerContext
{
    /// <summary>Null if the bytes are no update that this library knows.</summary>
    public static JobUpdate? TryReadUpdate(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, Default.JobUpdate);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Null if the bytes are no update that this library knows.</summary>
    public static IngestTaskUpdate? TryReadTask(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, Default.IngestTaskUpdate);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
