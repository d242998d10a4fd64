using System.Globalization;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>The values of one properties file, looked up with their defaults.</summary>
/// <remarks>An empty value counts as not set. Properties that are not known are kept in <see cref="All"/>.</remarks>
internal abstract class PropertyValues
{
    private readonly IReadOnlyDictionary<string, string> _values;

    protected PropertyValues(IReadOnlyDictionary<string, string> values, string place)
    {
        _values = values;
        Place = place;
    }

    /// <summary>The file, for messages.</summary>
    public string Place { get; }

    /// <summary>Everything in the file.</summary>
    public IReadOnlyDictionary<string, string> All => _values;

    /// <summary>The value set in this file; null if there is none or it is empty.</summary>
    public string? Own(SleeperProperty property) => _values.TryGetValue(property.Name, out string? value) && value.Length > 0 ? value : null;

    /// <summary>The value that counts: that of this file, else that of the instance, else the default; null if there is none of them.</summary>
    public virtual string? Get(SleeperProperty property) => Own(property) ?? property.Default;

    /// <summary>The value of a property that was checked to be there.</summary>
    public string Text(SleeperProperty property) =>
        Get(property) ?? throw new InvalidOperationException($"The property '{property.Name}' of {Place} is used but was not checked to be there.");

    public bool Flag(SleeperProperty property) => IsTrue(Get(property));

    public long Long(SleeperProperty property) => long.Parse(Text(property), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    public int Int(SleeperProperty property) => (int)Long(property);

    public long Bytes(SleeperProperty property) => PropertyRule.TryParseBytes(Text(property), out long bytes)
        ? bytes
        : throw new InvalidOperationException($"The property '{property.Name}' of {Place} was not checked.");

    protected static bool IsTrue(string? value) => "true".Equals(value, StringComparison.OrdinalIgnoreCase);

    /// <summary>Throws one error that names every property that is missing or has a value it may not have.</summary>
    /// <exception cref="UnsupportedTableException">Some are.</exception>
    public void Check(IEnumerable<SleeperProperty> properties, string whatToDo)
    {
        List<string> faults = [.. properties.Select(FaultOf).OfType<string>()];
        if (faults.Count > 0)
        {
            throw new UnsupportedTableException($"{Place} cannot be used: {string.Join("; ", faults)}. {whatToDo}");
        }
    }

    private string? FaultOf(SleeperProperty property)
    {
        string? own = Own(property);
        string? value = Get(property);
        if (value is null)
        {
            return property.IsRequired ? $"the property '{property.Name}' is missing" : null;
        }

        return property.Rule.Accepts(value)
            ? null
            : $"the property '{property.Name}' is '{value}'{(own is null && property.InstanceDefault is { } from ? $" (by '{from.Name}' of the instance)" : "")}, "
                + $"but this library takes {property.Rule.Allowed}";
    }
}
