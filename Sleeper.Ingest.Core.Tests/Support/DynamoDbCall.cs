using System.Text.Json.Nodes;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>One request to <see cref="InProcessDynamoDb"/>.</summary>
/// <param name="Number">From 1, in order of arrival.</param>
/// <param name="Operation">For example <c>PutItem</c>.</param>
/// <param name="Request">Its JSON.</param>
internal sealed record DynamoDbCall(int Number, string Operation, JsonObject Request);
