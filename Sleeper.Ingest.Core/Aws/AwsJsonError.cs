using System.Text.Json.Serialization;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>The body of an error. Services differ in how they spell the message.</summary>
internal sealed record AwsJsonError(
    [property: JsonPropertyName("__type")] string? Type,
    [property: JsonPropertyName("message")] string? Message,
    [property: JsonPropertyName("Message")] string? CapitalMessage);
