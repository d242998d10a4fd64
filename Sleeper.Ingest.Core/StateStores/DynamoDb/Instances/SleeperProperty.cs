namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>A property of an instance or of a table that this library reads.</summary>
/// <param name="Name">Its key in the properties file.</param>
/// <param name="Default">Its value where it is not set; null for none.</param>
/// <param name="Rule">What it may be.</param>
internal sealed record SleeperProperty(string Name, string? Default, PropertyRule Rule)
{
    /// <summary>The property of the instance that takes its place where a table does not set it; null if there is none.</summary>
    public SleeperProperty? InstanceDefault { get; init; }

    /// <summary>True if nothing works without it.</summary>
    public bool IsRequired { get; init; }

    public override string ToString() => Name;
}
