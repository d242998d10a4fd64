namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>An object store could not do what was asked: the disk is full, the folder may not be written, the device reported an error.</summary>
/// <remarks>It says nothing about the effect of a write: that may have happened. <see cref="IngestException.IsRetryable"/> is true where the same
/// call may succeed later without a change of the program, as when somebody makes room on a full disk.</remarks>
public sealed class ObjectStoreException : IngestException
{
    /// <summary>Makes the error for one path of a store.</summary>
    public ObjectStoreException(string store, string path, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Store = store;
        Path = path;
    }

    /// <summary>The store's name, for example its folder.</summary>
    public string Store { get; }

    /// <summary>The path of the object or prefix that the call was about; empty for the store's root.</summary>
    public string Path { get; }

    /// <summary>True if the store says that the process may not do this.</summary>
    internal bool IsForbidden { get; init; }

    /// <summary>True if it is certain that the call wrote nothing and never will. A store that cannot know it leaves it false.</summary>
    internal bool HadNoEffect { get; init; }
}
