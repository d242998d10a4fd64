namespace Sleeper.Ingest.Core;

/// <summary>How the rows of an ingest are spread over data files.</summary>
public enum FileWritingStrategy
{
    /// <summary>One file for each leaf partition that received rows. The default of own tables.</summary>
    OneFilePerLeaf,

    /// <summary>One sorted file for all rows, in the root partition's folder, with one reference for each leaf that received rows.</summary>
    OneReferencePerLeaf,
}
