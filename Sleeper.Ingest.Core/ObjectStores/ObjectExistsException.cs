namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>An object could not be created because its path is taken.</summary>
public sealed class ObjectExistsException : IngestException
{
    /// <summary>Makes the error for one path of a store.</summary>
    public ObjectExistsException(string store, string path)
        : base($"The object '{path}' exists already in '{store}'. Objects are never overwritten: choose another name.")
    {
        Path = path;
    }

    /// <summary>The path that is taken.</summary>
    public string Path { get; }
}
