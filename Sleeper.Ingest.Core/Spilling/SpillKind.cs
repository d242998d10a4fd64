namespace Sleeper.Ingest.Core.Spilling;

/// <summary>What the blocks of an extent hold; the number is the one in the file.</summary>
internal enum SpillKind : byte
{
    /// <summary>Rows of a bucket in order of arrival.</summary>
    BucketExtent = 0,

    /// <summary>Rows in key order, equal keys in order of arrival.</summary>
    SortedRun = 1,
}
