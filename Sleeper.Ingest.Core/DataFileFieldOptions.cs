namespace Sleeper.Ingest.Core;

/// <summary>How one field is written in data files. Immutable. None of it changes what is read back.</summary>
public sealed record DataFileFieldOptions
{
    /// <summary>What encodes the values where no dictionary does: those of the field, a list's elements, a map's keys. Default: <see cref="DataFileEncoding.Auto"/>.</summary>
    public DataFileEncoding Encoding { get; init; }

    /// <summary>For a map only: what encodes its values. Default: <see cref="DataFileEncoding.Auto"/>.</summary>
    public DataFileEncoding MapValueEncoding { get; init; }

    /// <summary>
    /// True to write a dictionary in each row group where it makes the first page smaller; false for none. Default: null, which is true where the encoding is
    /// <see cref="DataFileEncoding.Auto"/> and false where one is chosen.
    /// </summary>
    public bool? Dictionary { get; init; }
}
