using System.Globalization;
using System.Text.RegularExpressions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>Every name and key of a live table's objects is made, and taken apart, here.</summary>
/// <remarks>
/// <code>
/// &lt;root&gt;&lt;table id&gt;/data/partition_&lt;partition id&gt;/&lt;hash&gt;-&lt;attempt&gt;-&lt;n&gt;.parquet         a data file as the state names it; its key is what follows the root
/// &lt;table id&gt;/statestore/transactions/&lt;instant&gt;-&lt;uuid&gt;.json                            a transaction body that is too long for an item
/// &lt;table id&gt;/statestore/ingests/&lt;hash&gt;-&lt;n&gt;                                               a claim to a commit that goes through the queue; ours, Sleeper knows nothing of it
/// &lt;scheme&gt;://&lt;bucket&gt;/&lt;table id&gt;/statestore/snapshots/&lt;n&gt;-files.arrow, -partitions.arrow   read, never written
/// </code>
/// root: file system and data bucket, for example <c>s3a://sleeper-demo-table-data/</c>; hash and attempt as in own tables, so that an ingest is found by its id.
/// </remarks>
internal sealed partial class LiveTablePaths
{
    private readonly string _root;
    private readonly string _tableId;

    /// <exception cref="ArgumentException">The root is not one that Sleeper's garbage collection understands: objects under it would never be removed.</exception>
    public LiveTablePaths(string fileNameRoot, string tableId)
    {
        ArgumentException.ThrowIfNullOrEmpty(tableId);
        if (!Root().IsMatch(fileNameRoot))
        {
            throw new ArgumentException(
                $"Names of data files are to begin with '{fileNameRoot}', but Sleeper removes collected files of the schemes s3 and s3a only. "
                + "Give the file system and the bucket, for example 's3a://my-bucket/'.");
        }

        _root = fileNameRoot;
        _tableId = tableId;
    }

    /// <summary>What the names of all data files of the table begin with.</summary>
    public string DataPrefix => $"{_root}{_tableId}/data/partition_";

    /// <summary>A new data file's name, as the state has it.</summary>
    public string DataFile(string partitionId, string fileNamePrefix, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{DataPrefix}{partitionId}/{fileNamePrefix}-{number}.parquet");

    /// <summary>The key in the data bucket of a name that the table's state knows: what follows scheme and bucket.</summary>
    /// <exception cref="ArgumentException">It is no such name.</exception>
    public static string KeyOf(string name)
    {
        int bucket = name.IndexOf("://", StringComparison.Ordinal);
        int slash = bucket < 0 ? -1 : name.IndexOf('/', bucket + 3);
        return slash > bucket + 3 && slash + 1 < name.Length
            ? name[(slash + 1)..]
            : throw new ArgumentException($"'{name}' is not the name of an object in a bucket: scheme, '://', bucket, '/' and key are expected.");
    }

    /// <summary>A fresh key for a transaction body.</summary>
    public string TransactionBody(DateTimeOffset time, Guid uuid) => $"{_tableId}/statestore/transactions/{Instant(time)}-{uuid:D}.json";

    /// <summary>What the keys of all claims of the table begin with.</summary>
    public string ClaimsPrefix => $"{_tableId}/statestore/ingests/";

    /// <summary>The key of a claim to an ingest's commit.</summary>
    public string Claim(string ingestHash, int number) => string.Create(CultureInfo.InvariantCulture, $"{ClaimsPrefix}{ingestHash}-{number}");

    /// <summary>Which claim a key is of. False for any other key.</summary>
    public static bool TryParseClaim(string key, out string ingestHash, out int number)
    {
        var match = ClaimOf().Match(key);
        ingestHash = match.Groups["hash"].Value;
        return int.TryParse(match.Groups["number"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>
    /// Takes the name of a data file apart that this library gave. False for any other file: the Java system's are UUIDs.
    /// </summary>
    public static bool TryParseIngest(string fileName, out string ingestHash, out string attemptId)
    {
        var match = IngestName().Match(fileName);
        (ingestHash, attemptId) = match.Success ? (match.Groups["hash"].Value, match.Groups["attempt"].Value) : ("", "");
        return match.Success;
    }

    /// <summary>A time as Java prints an Instant: 0, 3, 6 or 9 digits of a second's fraction, as few as say it.</summary>
    public static string Instant(DateTimeOffset time)
    {
        long ticks = time.UtcTicks % TimeSpan.TicksPerSecond;
        string format = ticks == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'"
            : ticks % TimeSpan.TicksPerMillisecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"
            : ticks % TimeSpan.TicksPerMicrosecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"
            : "yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'";
        return time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"\As3a?://[^/]+/\z", RegexOptions.CultureInvariant)]
    private static partial Regex Root();

    [GeneratedRegex(@"/(?<hash>[0-9a-f]{32})-(?<attempt>[0-9a-f]{16})-[0-9]+\.parquet\z", RegexOptions.CultureInvariant)]
    private static partial Regex IngestName();

    [GeneratedRegex(@"/statestore/ingests/(?<hash>[0-9a-f]{32})-(?<number>[0-9]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex ClaimOf();
}
