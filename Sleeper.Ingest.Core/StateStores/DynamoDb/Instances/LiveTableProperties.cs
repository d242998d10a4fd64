using System.Text;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>What <c>tables/table-&lt;id&gt;.properties</c> of a config bucket says, over the defaults of its instance.</summary>
internal sealed class LiveTableProperties : PropertyValues
{
    private LiveTableProperties(IReadOnlyDictionary<string, string> values, string place, InstanceProperties instance)
        : base(values, place) => Instance = instance;

    public InstanceProperties Instance { get; }

    public string Id => Text(TableProperty.Id);

    public string Name => Text(TableProperty.Name);

    public string StateStore => Text(TableProperty.StateStoreClass);

    /// <summary>Whether commits may go through the queue at all; where the table does not say, the instance's behaviour decides by its class.</summary>
    public bool IsAsyncCommitEnabled => Own(TableProperty.AsyncCommitEnabled) is { } own
        ? IsTrue(own)
        : Instance.Text(InstanceProperty.DefaultAsyncCommitBehaviour).ToUpperInvariant() switch
        {
            "DISABLED" => false,
            "ALL_IMPLEMENTATIONS" => true,
            _ => StateStore.Contains("TransactionLog", StringComparison.Ordinal),
        };

    /// <summary>Whether ingest jobs commit through the queue.</summary>
    public bool CommitsAsynchronously => Own(TableProperty.IngestCommitAsync) is not { } own
        ? Instance.Flag(InstanceProperty.DefaultIngestCommitAsync) && IsAsyncCommitEnabled
        : IsTrue(own) && (Own(TableProperty.AsyncCommitEnabled) is null || IsAsyncCommitEnabled);

    public Schema Schema { get; private init; } = null!;

    /// <summary>The object in the config bucket.</summary>
    public static string PathOf(string tableId) => $"tables/table-{tableId}.properties";

    public override string? Get(SleeperProperty property)
    {
        if (property == TableProperty.AsyncCommitEnabled || property == TableProperty.IngestCommitAsync)
        {
            return (property == TableProperty.AsyncCommitEnabled ? IsAsyncCommitEnabled : CommitsAsynchronously) ? "true" : "false";
        }

        return Own(property) ?? (property.InstanceDefault is { } fallBack ? Instance.Get(fallBack) : property.Default);
    }

    /// <summary>Reads the text of the file, without judging it.</summary>
    public static LiveTableProperties Parse(string text, string place, InstanceProperties instance) => new(PropertiesText.Read(text), place, instance);

    /// <summary>Reads the file and refuses one that cannot be worked with.</summary>
    /// <param name="bytes">UTF-8.</param>
    /// <param name="place">For messages.</param>
    /// <param name="instance">For what the table does not set.</param>
    /// <exception cref="UnsupportedTableException">
    /// A property is missing or has a value it may not have, its own or by the instance's default; or the class of its state store is not known.
    /// </exception>
    public static LiveTableProperties Read(ReadOnlyMemory<byte> bytes, string place, InstanceProperties instance)
    {
        var properties = Parse(Encoding.UTF8.GetString(bytes.Span), place, instance);
        return Check(properties);
    }

    /// <summary>The properties of a table that is to be made.</summary>
    /// <exception cref="UnsupportedTableException">As for <see cref="Read"/>.</exception>
    public static LiveTableProperties Of(IReadOnlyDictionary<string, string> values, string place, InstanceProperties instance) =>
        Check(new LiveTableProperties(values, place, instance));

    /// <summary>True if a file says the same, in whatever order and with whatever comments.</summary>
    public bool HasSameValues(ReadOnlyMemory<byte> bytes)
    {
        var others = PropertiesText.Read(Encoding.UTF8.GetString(bytes.Span));
        return others.Count == All.Count && others.All(p => All.TryGetValue(p.Key, out string? value) && value == p.Value);
    }

    private static LiveTableProperties Check(LiveTableProperties properties)
    {
        properties.Check(TableProperty.All, "Correct the table's or the instance's properties, with the tools of Sleeper.");
        if (!StateStoreClass.IsKnown(properties.StateStore))
        {
            throw new UnsupportedTableException(
                $"{properties.Place} cannot be used: the property '{TableProperty.StateStoreClass.Name}' is '{properties.StateStore}', but this library knows "
                + $"{StateStoreClass.Default} and {StateStoreClass.WithoutSnapshots}. Nothing was written.");
        }

        try
        {
            return new LiveTableProperties(properties.All, properties.Place, properties.Instance) { Schema = Schema.Parse(properties.Text(TableProperty.Schema)) };
        }
        catch (SchemaFormatException e)
        {
            throw new UnsupportedTableException($"{properties.Place} cannot be used: the property '{TableProperty.Schema.Name}' is no schema. {e.Message}", e);
        }
    }
}
