namespace Sleeper.Ingest.Core.Schemas;

/// <summary>A text is not the JSON of a schema, or the fields in it do not make one. Trying again cannot help: correct the text.</summary>
public sealed class SchemaFormatException : IngestException
{
    internal SchemaFormatException(string path, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Path = path;
    }

    /// <summary>Where in the text, for example <c>rowKeyFields[0].type</c>; <c>$</c> for the text as a whole.</summary>
    public string Path { get; }
}
