using System.Globalization;
using System.Text;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>The text of Sleeper's properties files: Java's <c>.properties</c>, in UTF-8.</summary>
/// <remarks>
/// <code>
/// #comment                                   also with !; blank lines are skipped
/// key=value                                  or key:value, or key value; white space around the separator is dropped
/// sleeper.table.schema={"rowKeyFields"\:...  \: \= \# \! \\ \t \n \r \f \uXXXX, any other \c is c
/// long=first half \                          an odd number of backslashes at the end: the next line goes on, without its leading white space
///     second half
/// </code>
/// Lines end with LF, CR or CRLF. Of a key given twice the last value counts. White space at the end of a value is kept.
/// </remarks>
internal static class PropertiesText
{
    public static Dictionary<string, string> Read(string text)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in LogicalLines(text))
        {
            int keyEnd = KeyEnd(line);
            int value = SkipSpace(line, keyEnd);
            if (value < line.Length && line[value] is '=' or ':')
            {
                value = SkipSpace(line, value + 1);
            }

            properties[Unescape(line.AsSpan(0, keyEnd))] = Unescape(line.AsSpan(value));
        }

        return properties;
    }

    public static string Write(string comment, IEnumerable<KeyValuePair<string, string>> properties)
    {
        var text = new StringBuilder().Append('#').Append(comment).Append('\n');
        foreach (var (key, value) in properties)
        {
            Escape(text, key, isKey: true);
            text.Append('=');
            Escape(text, value, isKey: false);
            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The text as the Java system saves it: an empty comment, the time, then the properties.</summary>
    public static string WriteAsJava(DateTimeOffset time, IEnumerable<KeyValuePair<string, string>> properties) =>
        "#\n" + Write(time.UtcDateTime.ToString("ddd MMM dd HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture), properties);

    private static IEnumerable<string> LogicalLines(string text)
    {
        StringBuilder? continued = null;
        foreach (string raw in text.ReplaceLineEndingsOfProperties().Split('\n'))
        {
            string line = raw.TrimStart(' ', '\t', '\f');
            if (continued is null && (line.Length == 0 || line[0] is '#' or '!'))
            {
                continue;
            }

            int backslashes = line.Length - line.TrimEnd('\\').Length;
            bool goesOn = backslashes % 2 == 1;
            (continued ??= new StringBuilder()).Append(goesOn ? line[..^1] : line);
            if (!goesOn)
            {
                yield return continued.ToString();
                continued = null;
            }
        }

        if (continued is not null)
        {
            yield return continued.ToString();
        }
    }

    private static string ReplaceLineEndingsOfProperties(this string text) =>
        text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    private static int KeyEnd(string line)
    {
        int i = 0;
        while (i < line.Length && line[i] is not ('=' or ':' or ' ' or '\t' or '\f'))
        {
            i += line[i] == '\\' ? 2 : 1;
        }

        return Math.Min(i, line.Length);
    }

    private static int SkipSpace(string line, int from)
    {
        while (from < line.Length && line[from] is ' ' or '\t' or '\f')
        {
            from++;
        }

        return from;
    }

    private static string Unescape(ReadOnlySpan<char> text)
    {
        if (!text.Contains('\\'))
        {
            return text.ToString();
        }

        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i] == '\\' ? "" : text[i].ToString());
                continue;
            }

            char next = text[++i];
            if (next == 'u' && i + 4 < text.Length
                && ushort.TryParse(text.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
            {
                result.Append((char)unit);
                i += 4;
                continue;
            }

            result.Append(next switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', _ => next });
        }

        return result.ToString();
    }

    private static void Escape(StringBuilder text, string value, bool isKey)
    {
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            switch (c)
            {
                case '\t':
                    text.Append("\\t");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case '\\' or '=' or ':' or '#' or '!':
                    text.Append('\\').Append(c);
                    break;
                case ' ' when isKey || i == 0:
                    text.Append("\\ ");
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
    }
}
