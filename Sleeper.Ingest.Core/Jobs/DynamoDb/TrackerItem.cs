using System.Globalization;
using Amazon.DynamoDBv2.Model;

namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>One item of a tracker's table, its attributes by name. Reading one that is missing or of another kind is a <see cref="FormatException"/> that names it.</summary>
internal sealed class TrackerItem
{
    /// <summary>The last time that <see cref="DateTimeOffset"/> can say.</summary>
    private const long MaxMilliseconds = 253402300799999;

    public TrackerItem()
        : this(new(StringComparer.Ordinal))
    {
    }

    public TrackerItem(Dictionary<string, AttributeValue> attributes)
    {
        Attributes = attributes;
    }

    public Dictionary<string, AttributeValue> Attributes { get; }

    /// <summary>Sets a text; null sets nothing.</summary>
    public void Set(string name, string? text)
    {
        if (text is not null)
        {
            Attributes[name] = new AttributeValue { S = text };
        }
    }

    public void Set(string name, long number) => Attributes[name] = new AttributeValue { N = number.ToString(CultureInfo.InvariantCulture) };

    public void Set(string name, bool flag) => Attributes[name] = new AttributeValue { BOOL = flag };

    /// <summary>Sets a time in milliseconds since 1970.</summary>
    public void Set(string name, DateTimeOffset time) => Set(name, time.ToUnixTimeMilliseconds());

    /// <summary>Sets a rate. One that is no number, such as nothing divided by no time, is a null.</summary>
    public void SetRate(string name, double rate) => Attributes[name] = double.IsFinite(rate)
        ? new AttributeValue { N = rate.ToString("R", CultureInfo.InvariantCulture) }
        : new AttributeValue { NULL = true };

    public void Set(string name, IEnumerable<string> texts) =>
        Attributes[name] = new AttributeValue { L = [.. texts.Select(t => new AttributeValue { S = t })], IsLSet = true };

    public string Text(string name) => Of(name, a => a.S, "a text");

    public string? TextOrNull(string name) => Attributes.ContainsKey(name) ? Text(name) : null;

    public long Number(string name) => long.TryParse(Of(name, a => a.N, "a number"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
        ? number
        : throw new FormatException($"The attribute '{name}' is no whole number of 64 bits.");

    public int Count(string name) => (int)Math.Clamp(Number(name), 0, int.MaxValue);

    public bool Flag(string name) => Attributes.TryGetValue(name, out var attribute) && attribute.BOOL is { } flag ? flag : throw Wrong(name, "a truth value");

    /// <summary>The texts of a list. The original writes a null where a reason has no text.</summary>
    public IReadOnlyList<string> Texts(string name) => [.. Of(name, a => a.IsLSet || a.L is { Count: > 0 } ? a.L : null, "a list").Select(t => t.S ?? "")];

    public DateTimeOffset Time(string name)
    {
        long milliseconds = Number(name);
        return milliseconds is >= 0 and <= MaxMilliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"The attribute '{name}' is {milliseconds}, which is no time."));
    }

    private T Of<T>(string name, Func<AttributeValue, T?> get, string kind)
        where T : class => Attributes.TryGetValue(name, out var attribute) && get(attribute) is { } value ? value : throw Wrong(name, kind);

    private static FormatException Wrong(string name, string kind) => new($"The attribute '{name}' is missing, or is not {kind}.");
}
