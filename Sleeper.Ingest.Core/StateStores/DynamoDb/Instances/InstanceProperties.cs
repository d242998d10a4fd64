using System.Text;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>What <c>instance.properties</c> of a config bucket says.</summary>
internal sealed class InstanceProperties : PropertyValues
{
    /// <summary>The object in the config bucket.</summary>
    public const string Path = "instance.properties";

    /// <summary>The version of Sleeper that this library was made for and tested with: its first two numbers.</summary>
    public const string KnownVersion = "0.36";

    private InstanceProperties(IReadOnlyDictionary<string, string> values, string place)
        : base(values, place)
    {
    }

    public string Id => Text(InstanceProperty.Id);

    public string DataBucket => Text(InstanceProperty.DataBucket);

    public bool ConsistentIndexReads => Get(InstanceProperty.IndexConsistentReads) is { } value && IsTrue(value);

    /// <summary>What the names of data files begin with: <c>s3a://bucket/</c>.</summary>
    public string FileNamePrefix => $"{Text(InstanceProperty.FileSystem)}{DataBucket}/";

    /// <summary>Reads the text of the file, without judging it.</summary>
    public static InstanceProperties Parse(string text, string place) => new(PropertiesText.Read(text), place);

    /// <summary>Reads the file and refuses one that cannot be worked with.</summary>
    /// <param name="bytes">UTF-8.</param>
    /// <param name="place">For messages.</param>
    /// <param name="anyVersion">True to take an instance of another version.</param>
    /// <exception cref="UnsupportedTableException">A property is missing or has a value it may not have, or the version is another.</exception>
    public static InstanceProperties Read(ReadOnlyMemory<byte> bytes, string place, bool anyVersion)
    {
        var properties = Parse(Encoding.UTF8.GetString(bytes.Span), place);
        properties.Check(
            InstanceProperty.All.Where(p => !p.Name.StartsWith("sleeper.default.table.", StringComparison.Ordinal)),
            "Correct the instance's properties, with the tools of Sleeper.");
        if (!anyVersion)
        {
            properties.RequireKnownVersion();
        }

        return properties;
    }

    private void RequireKnownVersion()
    {
        string? version = Get(InstanceProperty.Version);
        if (version is null || !(version == KnownVersion || version.StartsWith(KnownVersion + ".", StringComparison.Ordinal)))
        {
            throw new UnsupportedTableException(
                $"{Place} is of {(version is null ? "no version: the property 'sleeper.version' is missing" : $"version '{version}' of Sleeper")}, but this library "
                + $"was made for {KnownVersion}.x. Another version may keep its tables in another way, and a wrong entry in a table's log stops the whole table. Use a "
                + "version of this library that knows it; or set AcceptAnyVersion, if you have made sure that nothing of it differs.");
        }
    }
}
