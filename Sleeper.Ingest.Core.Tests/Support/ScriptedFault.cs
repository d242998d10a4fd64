namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>How one call of a <see cref="ScriptedObjectStore"/> goes wrong.</summary>
internal enum ScriptedFault
{
    None,

    /// <summary>An error, and nothing has happened.</summary>
    Before,

    /// <summary>It has happened, and then an error.</summary>
    After,

    /// <summary>A put-if-absent that does not look whether the object is there.</summary>
    OverwritesInstead,
}
