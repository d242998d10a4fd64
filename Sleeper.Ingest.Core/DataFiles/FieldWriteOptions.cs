using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>How one field is written.</summary>
/// <param name="Encoding">Of its values, a list's elements or a map's keys.</param>
/// <param name="MapValueEncoding">Of a map's values.</param>
/// <param name="Dictionary">Whether a dictionary is tried; null for what the kind of field says.</param>
internal sealed record FieldWriteOptions(ColumnEncoding Encoding, ColumnEncoding MapValueEncoding, bool? Dictionary);
