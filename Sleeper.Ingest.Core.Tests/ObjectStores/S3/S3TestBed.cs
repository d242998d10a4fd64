using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.ObjectStores.S3;

/// <summary>A store over the double, with faults in between and without waiting.</summary>
internal sealed class S3TestBed
{
    public const string BucketName = "the-bucket";

    public S3TestBed(S3ObjectStoreOptions? options = null, int pageSize = 1_000, int sdkRetries = 0)
    {
        S3 = new InProcessS3(pageSize, BucketName);
        Http = new FaultyHttp(S3);
        Options = options ?? Quick;
        Store = new S3ObjectStore(S3.NewClient(Http, config => config.MaxErrorRetry = sdkRetries), BucketName, Options);
        Direct = new S3ObjectStore(S3.NewClient(), BucketName, Options);
    }

    /// <summary>Options with which nothing waits.</summary>
    public static S3ObjectStoreOptions Quick { get; } = new() { FirstRetryDelay = TimeSpan.Zero, MaxRetryDelay = TimeSpan.Zero };

    public InProcessS3 S3 { get; }

    public FaultyHttp Http { get; }

    public S3ObjectStoreOptions Options { get; }

    /// <summary>The store under test.</summary>
    public S3ObjectStore Store { get; }

    /// <summary>The same bucket without faults.</summary>
    public S3ObjectStore Direct { get; }

    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Bytes that differ from place to place.</summary>
    public static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>How many requests of a kind the service was sent.</summary>
    public int Count(string operation) => Http.Calls.Count(call => call.Operation == operation);

    public async Task<byte[]> ReadAsync(string path)
    {
        await using var reader = await Direct.OpenAsync(path) ?? throw new InvalidOperationException($"There is no '{path}'.");
        byte[] bytes = new byte[reader.LengthBytes];
        await reader.ReadAsync(0, bytes);
        return bytes;
    }

    public async Task<string> ReadTextAsync(string path) => Encoding.UTF8.GetString(await ReadAsync(path));

    public async Task AssertContentAsync(string path, byte[] expected)
    {
        byte[] found = await ReadAsync(path);
        Assert.True(found.AsSpan().SequenceEqual(expected), $"'{path}' has {found.Length} bytes, not the {expected.Length} that were written.");
    }

    /// <summary>Writes an object through the store's writer.</summary>
    public async Task WriteAsync(string path, ReadOnlyMemory<byte> content, int piece = 1 << 20)
    {
        await using var writer = await Store.CreateAsync(path);
        for (int from = 0; from < content.Length; from += piece)
        {
            await writer.AppendAsync(content.Slice(from, Math.Min(piece, content.Length - from)));
        }

        await writer.CompleteAsync();
    }
}
