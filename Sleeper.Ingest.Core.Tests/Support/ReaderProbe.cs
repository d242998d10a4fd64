using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A Parquet file of a layout that others write, and what ingesting it must give.</summary>
/// <param name="Title">As the probes of the Java reader call it.</param>
/// <param name="Schema">The table's schema.</param>
/// <param name="Write">Makes the file.</param>
/// <param name="Rows">The rows, as JSON; null if the file, or its row, is refused.</param>
/// <param name="Words">What the error says.</param>
internal sealed record ReaderProbe(string Title, Schema Schema, Func<byte[]> Write, string[]? Rows, string[] Words);
