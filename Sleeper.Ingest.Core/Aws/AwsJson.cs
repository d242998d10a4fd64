using System.Text.Json.Serialization;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>What all JSON services have in common.</summary>
[JsonSerializable(typeof(AwsJsonError))]
internal sealed partial class AwsJson : JsonSerializerContext;
