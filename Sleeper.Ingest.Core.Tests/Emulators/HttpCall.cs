namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>What a request to S3, DynamoDB or SQS asks for.</summary>
/// <param name="Operation">By the service's own word: PutObject, UploadPart, Query, SendMessage.</param>
/// <param name="Container">The bucket; empty for the other services.</param>
/// <param name="Resource">The object's key; empty for the other services.</param>
/// <param name="Parameters">Of the address, decoded.</param>
internal sealed record HttpCall(string Operation, string Container, string Resource, IReadOnlyDictionary<string, string> Parameters)
{
    public static HttpCall Of(HttpRequestMessage request)
    {
        if (request.Headers.TryGetValues("X-Amz-Target", out var targets))
        {
            string target = targets.Single();
            return new HttpCall(target[(target.LastIndexOf('.') + 1)..], "", "", new Dictionary<string, string>());
        }

        var uri = request.RequestUri!;
        string path = uri.AbsolutePath.TrimStart('/');
        int slash = path.IndexOf('/', StringComparison.Ordinal);
        string bucket = slash < 0 ? path : path[..slash];
        string key = slash < 0 ? "" : Uri.UnescapeDataString(path[(slash + 1)..]);
        var parameters = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => pair.Length > 1 ? Uri.UnescapeDataString(pair[1].Replace('+', ' ')) : "", StringComparer.Ordinal);
        return new HttpCall(OperationOf(request.Method.Method, key, parameters), bucket, key, parameters);
    }

    public string? Query(string name) => Parameters.GetValueOrDefault(name);

    public override string ToString() => Resource.Length > 0 ? $"{Operation} {Resource}" : Operation;

    private static string OperationOf(string method, string key, Dictionary<string, string> parameters)
    {
        bool Has(string name) => parameters.ContainsKey(name);
        return (method, key.Length > 0) switch
        {
            ("PUT", true) when Has("partNumber") => "UploadPart",
            ("PUT", true) when OnlyIds() => "PutObject",
            ("POST", true) when Has("uploads") => "CreateMultipartUpload",
            ("POST", true) when Has("uploadId") => "CompleteMultipartUpload",
            ("DELETE", true) when Has("uploadId") => "AbortMultipartUpload",
            ("DELETE", true) when OnlyIds() => "DeleteObject",
            ("GET", true) when OnlyIds() => "GetObject",
            ("HEAD", true) when OnlyIds() => "HeadObject",
            ("PUT", false) when OnlyIds() => "CreateBucket",
            ("GET", false) when Has("uploads") => "ListMultipartUploads",
            ("GET", false) when parameters.GetValueOrDefault("list-type") == "2" => "ListObjectsV2",
            _ => method,
        };

        bool OnlyIds() => parameters.Keys.All(name => name == "x-id");
    }
}
