using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>The one place that says which texts are paths of objects, and in which order they come.</summary>
/// <remarks>
/// <para>A path is one or more segments joined by <c>/</c>. It must mean the same object in a folder, in memory and in a bucket, and must never lead
/// out of a store's root, so everything is refused that some operating system reads as more than a name: empty, <c>.</c> and <c>..</c> segments,
/// a leading or trailing slash, backslashes, control characters, a colon in the first segment after a single letter (a drive), a trailing dot or
/// space (Windows drops them, so two names would meet), lone surrogates (they have no UTF-8), and more than 255 bytes a segment or 1,024 bytes a
/// path (the limits of ext4 names and of bucket keys).</para>
/// <para>Segments that begin with <see cref="TemporaryPrefix"/> are kept for the local store's unfinished files.</para>
/// <para>Percent signs, tildes, Unicode in any normal form and inner dots or spaces are ordinary characters: nothing is decoded or normalised, so
/// two spellings are two objects, except on a file system that is not case-sensitive or normalises names itself.</para>
/// </remarks>
internal static class ObjectPath
{
    /// <summary>How names of unfinished files begin. Such names are no objects: paths may not hold them and listings leave them out.</summary>
    public const string TemporaryPrefix = ".tmp~";

    private const int MaxPathBytes = 1024;
    private const int MaxSegmentBytes = 255;

    /// <summary>Throws unless the text is the path of an object.</summary>
    public static void Check([NotNull] string? path, string parameterName = "path")
    {
        ArgumentNullException.ThrowIfNull(path, parameterName);
        if (FindFault(path) is { } fault)
        {
            throw new ArgumentException($"'{Printable(path)}' is not a path of an object: {fault}.", parameterName);
        }
    }

    /// <summary>True if the text is the path of an object.</summary>
    public static bool IsPath(string path) => FindFault(path) is null;

    /// <summary>Throws unless the text is the beginning of a path: empty, or a path cut anywhere.</summary>
    public static void CheckPrefix([NotNull] string? prefix, string parameterName = "prefix")
    {
        ArgumentNullException.ThrowIfNull(prefix, parameterName);
        var slash = prefix.LastIndexOf('/');
        var fault = slash < 0 ? null : FindFault(prefix[..slash]);
        fault ??= slash == 0 ? "it begins with a slash" : FindCharacterFault(prefix.AsSpan(slash + 1));
        if (fault is not null)
        {
            throw new ArgumentException($"'{Printable(prefix)}' is not the beginning of a path of an object: {fault}.", parameterName);
        }
    }

    /// <summary>The order of listings: that of the UTF-8 bytes, as buckets list. It differs from the ordinal order of .NET only beyond U+FFFF.</summary>
    public static int Compare(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        return Rank(left[common]).CompareTo(Rank(right[common]));
    }

    /// <summary>True if the file of this name is an unfinished one.</summary>
    public static bool IsTemporaryName(ReadOnlySpan<char> name) => name.StartsWith(TemporaryPrefix, StringComparison.Ordinal);

    private static string? FindFault(string path)
    {
        if (path.Length == 0)
        {
            return "it is empty";
        }

        if (FindCharacterFault(path) is { } fault)
        {
            return fault;
        }

        if (Encoding.UTF8.GetByteCount(path) is var bytes and > MaxPathBytes)
        {
            return $"it has {bytes} bytes in UTF-8, and at most {MaxPathBytes} are allowed";
        }

        if (path[0] == '/')
        {
            return "it begins with a slash";
        }

        if (path.Length >= 2 && path[1] == ':' && char.IsAsciiLetter(path[0]))
        {
            return "it begins like a drive";
        }

        foreach (var range in path.AsSpan().Split('/'))
        {
            if (FindSegmentFault(path.AsSpan()[range]) is { } segmentFault)
            {
                return segmentFault;
            }
        }

        return null;
    }

    private static string? FindSegmentFault(ReadOnlySpan<char> segment)
    {
        if (segment.IsEmpty)
        {
            return "a segment is empty";
        }

        if (segment is "." or "..")
        {
            return $"the segment '{segment}' leads elsewhere";
        }

        if (segment[^1] is '.' or ' ')
        {
            return "a segment ends with a dot or a space, which Windows drops";
        }

        if (IsTemporaryName(segment))
        {
            return $"segments that begin with '{TemporaryPrefix}' are kept for unfinished files";
        }

        return Encoding.UTF8.GetByteCount(segment) is var bytes and > MaxSegmentBytes
            ? $"a segment has {bytes} bytes in UTF-8, and at most {MaxSegmentBytes} are allowed"
            : null;
    }

    private static string? FindCharacterFault(ReadOnlySpan<char> text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            var character = text[index];
            if (char.IsControl(character))
            {
                return $"it holds the control character U+{(int)character:X4} at index {index}";
            }

            if (character == '\\')
            {
                return $"it holds a backslash at index {index}; segments are parted by '/'";
            }

            if (char.IsSurrogate(character))
            {
                if (index + 1 == text.Length || !char.IsSurrogatePair(character, text[index + 1]))
                {
                    return $"it holds half of a surrogate pair at index {index}";
                }

                index++;
            }
        }

        return null;
    }

    // UTF-16 puts surrogates (D800..DFFF, code points beyond FFFF) before E000..FFFF; UTF-8 puts them behind.
    private static int Rank(char character) => char.IsSurrogate(character) ? character + 0x10000 : character;

    private static string Printable(string path)
    {
        var text = new StringBuilder(Math.Min(path.Length, 200));
        foreach (var character in path.AsSpan(0, Math.Min(path.Length, 200)))
        {
            _ = char.IsControl(character) || char.IsSurrogate(character) ? text.Append($"\\u{(int)character:X4}") : text.Append(character);
        }

        return path.Length > 200 ? text.Append('…').ToString() : text.ToString();
    }
}
