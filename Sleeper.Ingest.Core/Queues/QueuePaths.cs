using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Queues;

/// <summary>Every object path of an <see cref="ObjectStoreQueue"/> is made here.</summary>
/// <remarks>
/// <code>
/// &lt;folder&gt;/&lt;17-digit time&gt;-&lt;16 hex digits&gt;.json         a message that was sent
/// &lt;folder&gt;/&lt;any other name&gt;.json                       a message that somebody put there
/// &lt;folder&gt;/leases/&lt;hash&gt;-&lt;10-digit number&gt;.json      leases of a message, numbered from 1
/// &lt;folder&gt;/leases/clock                              overwritten by whoever must know the store's time
/// &lt;folder&gt;/dead/&lt;id&gt;.json, &lt;id&gt;.json.reason          a message that nobody receives any more, and why
/// </code>
/// time: of the sender's clock, yyyyMMddHHmmssfff in UTC, so that messages are found about in the order in which they were sent. hash: 32 hex digits, the first half of
/// the SHA-256 of the message's name.
/// </remarks>
internal sealed partial class QueuePaths(string folder)
{
    private const string Suffix = ".json";
    private const int NumberDigits = 10;
    private const int HashDigits = 32;
    private readonly string _folder = folder.Length == 0 ? "" : folder + "/";

    public string Messages => _folder;

    public string Leases => _folder + "leases/";

    public string Clock => Leases + "clock";

    public string DeadLetters => _folder + "dead/";

    public string Message(string name) => _folder + name;

    public static string NewName(DateTimeOffset now, ulong random) =>
        string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMddHHmmssfff}-{random:x16}{Suffix}");

    /// <summary>The name of a message that bears a deduplication id: a second one finds it taken.</summary>
    public static string NameOf(string deduplicationId) => $"00000000000000000-{Hash(deduplicationId)[..16]}{Suffix}";

    /// <summary>The message's name in a path of the folder; null for anything else. Hidden files are none, nor are names that a store refuses (ObjectPath).</summary>
    public string? NameIn(string path) =>
        path.EndsWith(Suffix, StringComparison.Ordinal) && path.IndexOf('/', _folder.Length) < 0 && path[_folder.Length] != '.' && ObjectPath.IsPath(path)
            ? path[_folder.Length..]
            : null;

    /// <summary>Whether the message was sent, so that its name is nobody else's and it is whole.</summary>
    public static bool IsSent(string name) => SentName().IsMatch(name);

    /// <summary>The id of a message. A file that somebody put there is another message when it is written anew.</summary>
    public static string IdOf(string name, DateTimeOffset lastModified) =>
        IsSent(name) ? name[..^Suffix.Length] : string.Create(CultureInfo.InvariantCulture, $"{name[..^Suffix.Length]}@{lastModified.ToUnixTimeMilliseconds()}");

    public string Lease(string name, long number) => string.Create(CultureInfo.InvariantCulture, $"{Leases}{Hash(name)}-{number:D10}{Suffix}");

    /// <summary>What the paths of all leases of a message begin with.</summary>
    public string LeasesOf(string hash) => $"{Leases}{hash}-";

    /// <summary>The hash and number in the path of a lease; false for anything else.</summary>
    public bool TryParseLease(string path, out string hash, out long number)
    {
        (hash, number) = ("", 0);
        int start = Leases.Length;
        if (path.Length != start + HashDigits + 1 + NumberDigits + Suffix.Length
            || !long.TryParse(path.AsSpan(start + HashDigits + 1, NumberDigits), NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            return false;
        }

        hash = path.Substring(start, HashDigits);
        return true;
    }

    public string DeadLetter(string id) => DeadLetters + Short(id) + Suffix;

    public string DeadLetterReason(string id) => DeadLetter(id) + ".reason";

    public static string Hash(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, HashDigits / 2));

    // An id is longer than the name it is made of, and a name has an end.
    private static string Short(string id) => Encoding.UTF8.GetByteCount(id) <= 230 ? id : Hash(id);

    [GeneratedRegex(@"\A[0-9]{17}-[0-9a-f]{16}\.json\z", RegexOptions.CultureInvariant)]
    private static partial Regex SentName();
}
