using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>What <c>table.properties</c> of an own table says. Written once, when the table is made.</summary>
/// <remarks>
/// <code>
/// #Table of Sleeper.Ingest.Core
/// sleeper.ingest.core.table.format=1
/// sleeper.table.id=0a1b2c3d
/// sleeper.table.name=flights
/// sleeper.table.schema={"rowKeyFields"\:[...],"sortKeyFields"\:[],"valueFields"\:[...]}
/// ...                                        further table properties of Sleeper's, as they were given
/// </code>
/// The name is the one that the table was made with; a copied folder may have another.
/// </remarks>
internal sealed record TableProperties(string TableId, string TableName, Schema Schema, IReadOnlyDictionary<string, string> Others)
{
    public const string FormatKey = "sleeper.ingest.core.table.format";
    private const string IdKey = "sleeper.table.id";
    private const string NameKey = "sleeper.table.name";
    private const string SchemaKey = "sleeper.table.schema";
    private static readonly string[] OwnKeys = [FormatKey, IdKey, NameKey, SchemaKey];

    public byte[] ToBytes()
    {
        var properties = new List<KeyValuePair<string, string>>
        {
            new(FormatKey, TransactionLog.EntryFormat.Version.ToString(CultureInfo.InvariantCulture)),
            new(IdKey, TableId),
            new(NameKey, TableName),
            new(SchemaKey, Schema.ToJson()),
        };
        properties.AddRange(Others.Where(p => !OwnKeys.Contains(p.Key)).OrderBy(p => p.Key, StringComparer.Ordinal));
        return Encoding.UTF8.GetBytes(PropertiesText.Write("Table of Sleeper.Ingest.Core", properties));
    }

    /// <exception cref="UnsupportedTableException">The format is from the future.</exception>
    /// <exception cref="TableDamagedException">A property is missing or cannot be read.</exception>
    public static TableProperties Read(ReadOnlyMemory<byte> bytes, string objectName)
    {
        var properties = PropertiesText.Read(Encoding.UTF8.GetString(bytes.Span));
        RequireKnownVersion(properties, objectName);
        string id = Required(properties, IdKey, objectName);
        if (id.Length != 8 || !id.All(char.IsAsciiHexDigitLower))
        {
            throw new TableDamagedException(objectName, $"The table id '{id}' is not of 8 hexadecimal digits.");
        }

        try
        {
            var schema = Schema.Parse(Required(properties, SchemaKey, objectName));
            var others = properties.Where(p => !OwnKeys.Contains(p.Key)).ToDictionary(StringComparer.Ordinal);
            return new TableProperties(id, Required(properties, NameKey, objectName), schema, others);
        }
        catch (SchemaFormatException e)
        {
            throw new TableDamagedException(objectName, $"Its schema cannot be read: {e.Message}", e);
        }
    }

    private static void RequireKnownVersion(Dictionary<string, string> properties, string objectName)
    {
        string format = Required(properties, FormatKey, objectName);
        if (!int.TryParse(format, NumberStyles.None, CultureInfo.InvariantCulture, out int version) || version < 1)
        {
            throw new TableDamagedException(objectName, $"Its format, '{format}', is not a number.");
        }

        if (version > TransactionLog.EntryFormat.Version)
        {
            throw new UnsupportedTableException(
                $"{objectName} is of table format {version}, but this library knows formats up to {TransactionLog.EntryFormat.Version}. "
                + "Use a newer version of the library.");
        }
    }

    private static string Required(Dictionary<string, string> properties, string key, string objectName) =>
        properties.TryGetValue(key, out string? value) && value.Length > 0
            ? value
            : throw new TableDamagedException(objectName, $"The property '{key}' is missing.");
}
