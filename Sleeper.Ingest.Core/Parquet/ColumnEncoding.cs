namespace Sleeper.Ingest.Core.Parquet;

/// <summary>What a column's values are encoded with where no dictionary is.</summary>
internal enum ColumnEncoding
{
    /// <summary>
    /// V1: PLAIN. V2: INT32 and INT64 DELTA_BINARY_PACKED; BYTE_ARRAY the smallest of DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY and PLAIN for
    /// the first values of the chunk; other types PLAIN.
    /// </summary>
    Auto,

    Plain,

    /// <summary>DELTA_BINARY_PACKED for INT32 and INT64, DELTA_BYTE_ARRAY for BYTE_ARRAY.</summary>
    Delta,

    DeltaLengthByteArray,

    ByteStreamSplit,
}
