using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Transform;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>Takes a reply off the wire: its bytes, or the error that they say.</summary>
internal sealed class AwsJsonUnmarshaller : JsonResponseUnmarshaller
{
    public static AwsJsonUnmarshaller Instance { get; } = new();

    public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext input) => new AwsJsonReply { Body = ReadAll(input) };

    public override AmazonServiceException UnmarshallException(JsonUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode)
    {
        AwsJsonError? error = null;
        try
        {
            error = JsonSerializer.Deserialize(ReadAll(input), AwsJson.Default.AwsJsonError);
        }
        catch (JsonException)
        {
            // A proxy or a load balancer answered, not the service: the status is all there is.
        }

        string type = error?.Type ?? statusCode.ToString();
        string code = type[(type.LastIndexOf('#') + 1)..];
        return new AmazonServiceException(
            error?.Message ?? error?.CapitalMessage ?? code,
            innerException,
            (int)statusCode < 500 ? ErrorType.Sender : ErrorType.Receiver,
            code,
            input.ResponseData.GetHeaderValue("x-amzn-RequestId"),
            statusCode);
    }

    private static byte[] ReadAll(JsonUnmarshallerContext context)
    {
        using var bytes = new MemoryStream();
        context.Stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
