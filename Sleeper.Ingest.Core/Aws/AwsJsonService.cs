namespace Sleeper.Ingest.Core.Aws;

/// <summary>A service of AWS that speaks JSON: a POST to <c>/</c> whose header <c>X-Amz-Target</c> names the operation.</summary>
/// <param name="Id">The service's id in the SDK: <c>AWS_ENDPOINT_URL_&lt;id&gt;</c> and the services of profiles go by it.</param>
/// <param name="EndpointPrefix">What its host names begin with; also the name that its requests are signed for.</param>
/// <param name="TargetPrefix">What stands before the operation in the header, without the dot.</param>
/// <param name="JsonVersion">The protocol's version: 1.0 or 1.1.</param>
internal sealed record AwsJsonService(string Id, string EndpointPrefix, string TargetPrefix, string JsonVersion);
