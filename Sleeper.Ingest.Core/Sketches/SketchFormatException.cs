namespace Sleeper.Ingest.Core.Sketches;

/// <summary>The bytes are not a sketches file of this schema, or are damaged. The table's rows are not affected: only its splitting uses sketches.</summary>
internal sealed class SketchFormatException : IngestException
{
    public SketchFormatException(string fieldName, long offset, string fault)
        : base($"The sketch of row key field '{fieldName}', at byte {offset} of the sketches file: {fault} The file is damaged, was cut short, or belongs to another schema. A compaction of its data file writes a new one.")
    {
        FieldName = fieldName;
        Offset = offset;
    }

    /// <summary>The row key field whose entry is at fault.</summary>
    public string FieldName { get; }

    /// <summary>Where the entry, or the faulty part of it, begins in the file.</summary>
    public long Offset { get; }
}
