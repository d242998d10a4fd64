using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>Every object path of an own table is made here.</summary>
/// <remarks>
/// <code>
/// &lt;table&gt;/table.properties
/// &lt;table&gt;/log/partitions/00000000000000000001.json
/// &lt;table&gt;/log/files/00000000000000000001.json
/// &lt;table&gt;/snapshots/00000000000000000256/head.jsonl, files.jsonl, verified.json
/// &lt;table&gt;/snapshots/latest
/// &lt;table&gt;/maintenance.json
/// &lt;table&gt;/ingests/&lt;hash&gt;/&lt;attempt&gt;.json
/// &lt;table&gt;/jobs/...                                  what a job tracker keeps, if there is one
/// &lt;table&gt;/data/partition_&lt;id&gt;/&lt;hash&gt;-&lt;attempt&gt;-&lt;n&gt;.parquet and .sketches
/// </code>
/// hash: 32 lower-case hexadecimal digits, the first half of the SHA-256 of <c>&lt;table id&gt;/&lt;ingest id&gt;</c> in UTF-8; attempt: 16 of them, random.
/// Names in transactions are relative to the table's folder, so that a copied folder is a table.
/// </remarks>
internal sealed partial class TablePaths
{
    /// <summary>As long as the digits of the largest 64-bit number, so that the order of names is the order of numbers.</summary>
    private const int NumberDigits = 20;
    private const string EntrySuffix = ".json";
    private readonly string _folder;

    /// <exception cref="ArgumentException">The name cannot be a table's.</exception>
    public TablePaths(string tableName)
    {
        RequireTableName(tableName);
        TableName = tableName;
        _folder = tableName + "/";
    }

    public string TableName { get; }

    public string Properties => _folder + "table.properties";

    public string AllLogs => _folder + "log/";

    public string AllSnapshots => _folder + "snapshots/";

    public string AllIngests => _folder + "ingests/";

    /// <summary>Records of jobs: the tracker's business, removed with the table.</summary>
    public string AllJobs => _folder + "jobs/";

    /// <summary>Overwritten by each maintenance, which takes the store's time from it.</summary>
    public string Maintenance => _folder + "maintenance.json";

    /// <summary>Everything of the table.</summary>
    public string Everything => _folder;

    public string AllData => _folder + "data/";

    /// <summary>True for 1 to 128 of the characters A–Z, a–z, 0–9, <c>.</c>, <c>_</c> and <c>-</c>, the last one no dot (Windows drops it from names).</summary>
    public static bool IsTableName(string name) =>
        name.Length is >= 1 and <= 128 && name[^1] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <exception cref="ArgumentException">The name cannot be a table's.</exception>
    public static void RequireTableName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsTableName(name))
        {
            throw new ArgumentException(
                "The table's name is refused: a name is 1 to 128 characters of A-Z, a-z, 0-9, '.', '_' and '-', and does not end with a dot. "
                + $"It has {name.Length} characters.");
        }
    }

    /// <summary>What the objects of one attempt are called after.</summary>
    public static string FileNamePrefix(string tableId, string ingestId, string attemptId) => $"{IngestHash(tableId, ingestId)}-{attemptId}";

    public static string IngestHash(string tableId, string ingestId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tableId}/{ingestId}")).AsSpan(0, 16));

    /// <summary>A data file's name, relative to the table.</summary>
    public static string DataFile(string partitionId, string fileNamePrefix, int ordinal) =>
        string.Create(CultureInfo.InvariantCulture, $"data/partition_{partitionId}/{fileNamePrefix}-{ordinal}.parquet");

    /// <summary>
    /// Takes the path of a data or sketches file apart: its attempt's hash and id, and the name of the data file in the table's state. False for any
    /// other object.
    /// </summary>
    public bool TryParseDataFile(string path, out string ingestHash, out string attemptId, out string dataFile)
    {
        (ingestHash, attemptId, dataFile) = ("", "", "");
        var match = DataFileName().Match(path, path.StartsWith(_folder, StringComparison.Ordinal) ? _folder.Length : path.Length);
        if (!match.Success)
        {
            return false;
        }

        (ingestHash, attemptId) = (match.Groups["hash"].Value, match.Groups["attempt"].Value);
        dataFile = $"{match.Groups["name"].Value}.parquet";
        return true;
    }

    /// <summary>The path in the store of a name that is relative to the table.</summary>
    public string InStore(string relativeName) => _folder + relativeName;

    public string LogFolder(LogKind log) => $"{_folder}log/{log.Name()}/";

    public string LogEntry(LogKind log, long number) => LogFolder(log) + number.ToString("D20", CultureInfo.InvariantCulture) + EntrySuffix;

    /// <summary>The number in the path of a log entry; false for any other object in the folder.</summary>
    public bool TryParseLogEntry(LogKind log, string path, out long number)
    {
        number = 0;
        string folder = LogFolder(log);
        return path.Length == folder.Length + NumberDigits + EntrySuffix.Length
            && path.StartsWith(folder, StringComparison.Ordinal) && path.EndsWith(EntrySuffix, StringComparison.Ordinal)
            && long.TryParse(path.AsSpan(folder.Length, NumberDigits), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>A copy of some snapshot's head: a hint.</summary>
    public string SnapshotHint => AllSnapshots + "latest";

    public string Snapshot(long number, SnapshotPart part) => SnapshotFolder(number) + PartName(part);

    /// <summary>A path that is after all objects of a snapshot and before those of the next one. '0' is the character after '/'.</summary>
    public string AfterSnapshot(long number) => SnapshotFolder(number)[..^1] + "0";

    /// <summary>The number in the path of an object of a snapshot, and whether it is the head; false for any other object.</summary>
    public bool TryParseSnapshot(string path, out long number, out bool isHead)
    {
        (number, isHead) = (0, false);
        int start = AllSnapshots.Length;
        if (path.Length <= start + NumberDigits || !path.StartsWith(AllSnapshots, StringComparison.Ordinal)
            || !long.TryParse(path.AsSpan(start, NumberDigits), NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            return false;
        }

        isHead = path == Snapshot(number, SnapshotPart.Head);
        return isHead || path == Snapshot(number, SnapshotPart.Files) || path == Snapshot(number, SnapshotPart.Verified);
    }

    public string IntentFolder(string ingestHash) => $"{AllIngests}{ingestHash}/";

    public string Intent(string ingestHash, string attemptId) => $"{IntentFolder(ingestHash)}{attemptId}.json";

    [GeneratedRegex(@"\G(?<name>data/partition_[^/]+/(?<hash>[0-9a-f]{32})-(?<attempt>[0-9a-f]{16})-[0-9]+)\.(parquet|sketches)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DataFileName();

    private string SnapshotFolder(long number) => $"{AllSnapshots}{number.ToString("D20", CultureInfo.InvariantCulture)}/";

    private static string PartName(SnapshotPart part) => part switch
    {
        SnapshotPart.Head => "head.jsonl",
        SnapshotPart.Files => "files.jsonl",
        _ => "verified.json",
    };
}
