namespace Sleeper.Ingest.Core.Schemas;

/// <content>The JSON of a schema, as Sleeper keeps it in the table property <c>sleeper.table.schema</c> and in <c>schema.json</c>.</content>
public sealed partial class Schema
{
    /// <summary>Reads a schema from its JSON.</summary>
    /// <param name="json">
    /// An object with the members <c>rowKeyFields</c>, <c>sortKeyFields</c> and <c>valueFields</c>; the last two may be absent or null. Members
    /// that a schema does not have are ignored. Names of types are case-sensitive.
    /// </param>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    /// <exception cref="SchemaFormatException">
    /// The text is not JSON, holds something that is no field or type, or its fields do not make a schema (see the constructor; then the
    /// inner exception is the <see cref="ArgumentException"/> of that check).
    /// </exception>
    public static Schema Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return SchemaJson.Read(json);
    }

    /// <summary>Writes the schema as JSON. <see cref="Parse"/> of the result gives an equal schema.</summary>
    /// <param name="indented">True for lines indented by two spaces, ended by a line feed. False, the default, for no white space.</param>
    public string ToJson(bool indented = false) => SchemaJson.Write(this, indented);
}
