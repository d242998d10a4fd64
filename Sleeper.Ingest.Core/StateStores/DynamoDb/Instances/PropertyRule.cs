using System.Globalization;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>Which values a property may have.</summary>
/// <param name="Allowed">The same in words, for messages: "1 or more", "zstd, snappy or gzip".</param>
/// <param name="Accepts">Whether a text is one of them.</param>
internal sealed record PropertyRule(string Allowed, Func<string, bool> Accepts)
{
    private const string Suffixes = "KMGTPE";

    /// <summary>Any text.</summary>
    public static readonly PropertyRule Any = new("any text", _ => true);

    /// <summary>As the Java system reads them: <c>true</c> in any case is true, anything else is false.</summary>
    public static readonly PropertyRule Flag = Any with { Allowed = "true or false" };

    /// <summary>Whole numbers of a range.</summary>
    public static PropertyRule Number(long min, long max = long.MaxValue) => new(
        max is long.MaxValue or int.MaxValue ? $"a whole number of {min} or more" : $"a whole number of {min} to {max}",
        text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= min && value <= max);

    /// <summary>Numbers with or without a fraction, above 0.</summary>
    public static readonly PropertyRule PositiveFraction = new(
        "a number above 0",
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 && double.IsFinite(value));

    /// <summary>Bytes: digits, then one of K, M, G, T, P, E (powers of 1,024) or nothing.</summary>
    public static PropertyRule Bytes(long min, long max = long.MaxValue) => new(
        $"a number of bytes from {min} to {max}, with one of K, M, G, T, P, E after it or without",
        text => TryParseBytes(text, out long value) && value >= min && value <= max);

    /// <summary>One of some names, in any case.</summary>
    public static PropertyRule OneOf(params string[] names) => new(
        names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} or {names[^1]} (in any case)",
        text => names.Contains(text, StringComparer.OrdinalIgnoreCase));

    /// <summary>One of some names, letter by letter.</summary>
    public static PropertyRule ExactlyOneOf(params string[] names) => new(
        names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} or {names[^1]}",
        text => names.Contains(text, StringComparer.Ordinal));

    /// <summary>The number of bytes that a text says; false if it says none or more than a 64-bit number holds.</summary>
    public static bool TryParseBytes(string text, out long bytes)
    {
        bytes = 0;
        if (text.Length == 0)
        {
            return false;
        }

        int power = Suffixes.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1;
        var digits = power > 0 ? text.AsSpan(0, text.Length - 1) : text;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > long.MaxValue >> (10 * power))
        {
            return false;
        }

        bytes = number << (10 * power);
        return true;
    }
}
