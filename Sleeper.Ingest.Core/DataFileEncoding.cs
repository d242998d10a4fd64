namespace Sleeper.Ingest.Core;

/// <summary>
/// What the values of a field are encoded with in data files, by the names of the Parquet format (parquet-format, Encodings.md). Each but
/// <see cref="Auto"/> and <see cref="Plain"/> is for some types only; another one is refused when the writer is made.
/// </summary>
public enum DataFileEncoding
{
    /// <summary>
    /// Chosen by the values: numbers <see cref="DeltaBinaryPacked"/>; texts and byte arrays the smallest of <see cref="DeltaByteArray"/>,
    /// <see cref="DeltaLengthByteArray"/> and <see cref="Plain"/> for the first values of each row group. The default.
    /// </summary>
    Auto,

    /// <summary><c>PLAIN</c>: as they are. Any type, any reader.</summary>
    Plain,

    /// <summary><c>DELTA_BINARY_PACKED</c>: differences of neighbours. For int and long.</summary>
    DeltaBinaryPacked,

    /// <summary><c>DELTA_LENGTH_BYTE_ARRAY</c>: all lengths, then all bytes. For string and byte array.</summary>
    DeltaLengthByteArray,

    /// <summary><c>DELTA_BYTE_ARRAY</c>: what each has in common with the one before is left out. For string and byte array.</summary>
    DeltaByteArray,

    /// <summary>
    /// <c>BYTE_STREAM_SPLIT</c>: first bytes of all values, then second bytes, and so on; good before compression where the high bytes are alike. For int
    /// and long, which the format allows since its version 2.11. Readers that take it for floats only cannot read the field: DuckDB up to 1.5.6 is one.
    /// </summary>
    ByteStreamSplit,
}
