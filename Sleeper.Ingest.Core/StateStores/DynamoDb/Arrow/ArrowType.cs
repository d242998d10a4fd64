namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>The column types that snapshots use.</summary>
internal enum ArrowType
{
    /// <summary>Text: offsets of 32 bits into UTF-8 bytes.</summary>
    Utf8,

    /// <summary>Bytes: offsets of 32 bits into them.</summary>
    Binary,

    /// <summary>Bits.</summary>
    Bool,

    /// <summary>Signed whole numbers of 32 bits.</summary>
    Int32,

    /// <summary>Unsigned whole numbers of 32 bits.</summary>
    UInt32,

    /// <summary>Signed whole numbers of 64 bits.</summary>
    Int64,

    /// <summary>Unsigned whole numbers of 64 bits.</summary>
    UInt64,

    /// <summary>Milliseconds since 1970, without a time zone.</summary>
    Milliseconds,

    /// <summary>Offsets of 32 bits into the one child.</summary>
    List,

    /// <summary>One value of each child.</summary>
    Struct,
}
