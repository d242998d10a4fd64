using System.Globalization;
using Amazon;
using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Amazon.S3;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>S3, DynamoDB, SQS and STS in one process of this machine (<c>aws-emulator.py</c>: moto with repairs). One for all tests of the run.</summary>
/// <remarks>
/// <code>
/// var aws = await AwsEmulator.GetAsync();               // starts it, or skips the test with the reason (fails it where CI=true)
/// using var s3 = aws.NewS3Client();
/// string bucket = await aws.NewBucketAsync();           // names are unique, so tests run side by side
/// </code>
/// Its state is in memory and lost with the process. What it gets wrong, as far as known: it does not check checksums (no BadDigest) or signatures; conditions on
/// completing a multipart upload work for If-None-Match only; an unknown upload id is a 500; TransactWriteItems ignores client tokens (applied twice).
/// </remarks>
internal sealed class AwsEmulator
{
    public const string Region = "us-east-1";
    public const string AccessKey = "testing";
    public const string SecretKey = "testing-secret";

    /// <summary>The account that it says callers belong to.</summary>
    public const string Account = "123456789012";

    private const string Remedy = "The AWS emulator needs python3 with moto 5.2.1 and its server (pip install 'moto[all,server]==5.2.1').";

    private static readonly Lazy<Task<AwsEmulator>> Shared = new(StartAsync);

    // Another run of the tests may share no process with this one, but people like to point both at one server.
    private static readonly string RunName = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 4));

    private static int s_nameCount;

    private readonly EmulatorProcess _process;

    private AwsEmulator(EmulatorProcess process)
    {
        _process = process;
    }

    public static AWSCredentials Credentials { get; } = new BasicAWSCredentials(AccessKey, SecretKey);

    /// <summary>The address of all its services, without a slash at its end.</summary>
    public string ServiceUrl => $"http://127.0.0.1:{_process.Port}";

    public int ProcessId => _process.Id;

    /// <summary>The emulator of this run.</summary>
    public static async Task<AwsEmulator> GetAsync()
    {
        try
        {
            return await Shared.Value;
        }
        catch (EmulatorMissingException missing)
        {
            missing.SkipOrFail(Remedy);
            throw;
        }
    }

    /// <summary>Ends the emulator of this run, if it was started.</summary>
    public static async Task StopAsync()
    {
        if (Shared.IsValueCreated && Shared.Value.IsCompletedSuccessfully)
        {
            await (await Shared.Value)._process.DisposeAsync();
        }
    }

    /// <summary>A name that no other test uses: lower case letters, digits and dashes, fit for buckets, tables and queues.</summary>
    public static string UniqueName(string prefix = "test") =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}-{RunName}-{Interlocked.Increment(ref s_nameCount)}");

    /// <summary>Settings of an S3 client. Change them as the test needs.</summary>
    public AmazonS3Config NewS3Config() => new() { ServiceURL = ServiceUrl, AuthenticationRegion = Region, ForcePathStyle = true };

    /// <summary>Settings of a DynamoDB client. Change them as the test needs.</summary>
    public AmazonDynamoDBConfig NewDynamoDbConfig() => new() { ServiceURL = ServiceUrl, AuthenticationRegion = Region };

    /// <summary>Settings of an SQS client. Change them as the test needs.</summary>
    public SqsClientConfig NewSqsConfig() => new() { ServiceURL = ServiceUrl, AuthenticationRegion = Region };

    public AmazonS3Client NewS3Client(AmazonS3Config? config = null) => new(Credentials, config ?? NewS3Config());

    public AmazonDynamoDBClient NewDynamoDbClient(AmazonDynamoDBConfig? config = null) => new(Credentials, config ?? NewDynamoDbConfig());

    /// <summary>Makes an empty bucket with a name of its own.</summary>
    public async Task<string> NewBucketAsync(string prefix = "test")
    {
        using var s3 = NewS3Client();
        string name = UniqueName(prefix);
        await s3.PutBucketAsync(name);
        return name;
    }

    /// <summary>What a program must have in its environment to reach it with the SDK's defaults (S3 needs path-style addresses besides).</summary>
    public IReadOnlyDictionary<string, string> EnvironmentVariables() => new Dictionary<string, string>
    {
        ["AWS_ENDPOINT_URL"] = ServiceUrl,
        ["AWS_REGION"] = Region,
        ["AWS_ACCESS_KEY_ID"] = AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = SecretKey,
    };

    private static async Task<AwsEmulator> StartAsync() =>
        new(await EmulatorProcess.StartAsync("python3", RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Emulators", "aws-emulator.py")));
}
