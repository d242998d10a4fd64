using System.Globalization;
using System.Net;
using System.Text;
using System.Xml.Linq;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>A bucket of <see cref="InProcessS3"/>, guarded by its lock.</summary>
internal sealed class InProcessBucket
{
    /// <summary>As buckets list: by the bytes of UTF-8.</summary>
    public static readonly IComparer<string> Order = Comparer<string>.Create(static (left, right) =>
        Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right)));

    public SortedDictionary<string, InProcessObject> Objects { get; } = new(Order);

    public Dictionary<string, InProcessUpload> Uploads { get; } = new(StringComparer.Ordinal);

    public InProcessObject Find(string key) => Objects.GetValueOrDefault(key) ?? throw new S3Refusal(HttpStatusCode.NotFound, "NoSuchKey", "The specified key does not exist.");

    public InProcessUpload FindUpload(HttpCall call) => Uploads.TryGetValue(call.Query("uploadId")!, out var upload) && upload.Key == call.Resource
        ? upload
        : throw new S3Refusal(HttpStatusCode.NotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.");
}

/// <summary>An object of <see cref="InProcessS3"/>. Its bytes never change.</summary>
internal sealed record InProcessObject(byte[][] Pieces, string Tag, string? Checksum, IReadOnlyDictionary<string, string> Metadata)
{
    public long LengthBytes { get; } = Pieces.Sum(static piece => (long)piece.Length);

    /// <summary>In whole seconds, as the service has it.</summary>
    public DateTimeOffset LastModified { get; } = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());

    public static string ChecksumOf(byte[] bytes)
    {
        uint checksum = Core.Buffers.Crc32.Compute(bytes);
        return Convert.ToBase64String([(byte)(checksum >> 24), (byte)(checksum >> 16), (byte)(checksum >> 8), (byte)checksum]);
    }

    public Stream Open(long offset, long length)
    {
        byte[] bytes = new byte[length];
        long start = 0;
        foreach (byte[] piece in Pieces)
        {
            long from = Math.Max(offset, start);
            long to = Math.Min(offset + length, start + piece.Length);
            if (from < to)
            {
                piece.AsSpan((int)(from - start), (int)(to - from)).CopyTo(bytes.AsSpan((int)(from - offset)));
            }

            start += piece.Length;
        }

        return new MemoryStream(bytes, writable: false);
    }
}

/// <summary>A part that was uploaded.</summary>
internal sealed record InProcessPart(byte[] Body, string Tag, string? Checksum);

/// <summary>An upload of <see cref="InProcessS3"/> that is under way.</summary>
internal sealed record InProcessUpload(string Id, string Key, bool HasChecksums, IReadOnlyDictionary<string, string> Metadata)
{
    public DateTimeOffset Initiated { get; } = DateTimeOffset.UtcNow;

    public Dictionary<int, InProcessPart> Parts { get; } = [];

    /// <summary>A part as a request to complete names it.</summary>
    public static (int Number, string Tag, string? Checksum) Wanted(XElement part)
    {
        string? Value(string name) => part.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
        return (int.Parse(Value("PartNumber")!, CultureInfo.InvariantCulture), Value("ETag")!, Value("ChecksumCRC32"));
    }

    /// <summary>The parts of the object.</summary>
    public IReadOnlyList<InProcessPart> Take(IReadOnlyList<(int Number, string Tag, string? Checksum)> wanted)
    {
        var taken = new List<InProcessPart>();
        int before = 0;
        foreach (var (number, tag, checksum) in wanted)
        {
            if (number <= before)
            {
                throw new S3Refusal(HttpStatusCode.BadRequest, "InvalidPartOrder", "The list of parts was not in ascending order.");
            }

            if (!Parts.TryGetValue(number, out var part) || part.Tag.Trim('"') != tag.Trim('"') || part.Checksum != checksum)
            {
                throw new S3Refusal(HttpStatusCode.BadRequest, "InvalidPart", "One or more of the specified parts could not be found.");
            }

            taken.Add(part);
            before = number;
        }

        if (taken.Count == 0)
        {
            throw new S3Refusal(HttpStatusCode.BadRequest, "MalformedXML", "You must specify at least one part");
        }

        return taken.SkipLast(1).All(part => part.Body.Length >= InProcessS3.MinPartBytes)
            ? taken
            : throw new S3Refusal(HttpStatusCode.BadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    }
}

/// <summary>An answer of S3 that says no.</summary>
internal sealed class S3Refusal(HttpStatusCode status, string code, string message) : Exception(message)
{
    public HttpResponseMessage ToAnswer(bool isHead = false) => new(status)
    {
        Content = isHead
            ? new ByteArrayContent([])
            : new StringContent($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{Message}</Message></Error>", Encoding.UTF8, "application/xml"),
    };
}
