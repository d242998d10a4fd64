namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>The endings of the two objects of a data file.</summary>
internal static class DataFileNames
{
    public const string ParquetEnding = ".parquet";
    public const string SketchesEnding = ".sketches";

    /// <summary>Where the sketches of a Parquet object lie: readers derive it from the data file's name, it is stored nowhere.</summary>
    public static string SketchesPath(string parquetPath)
    {
        System.Diagnostics.Debug.Assert(parquetPath.EndsWith(ParquetEnding, StringComparison.Ordinal), "A data file ends in .parquet.");
        return string.Concat(parquetPath.AsSpan(0, parquetPath.Length - ParquetEnding.Length), SketchesEnding);
    }
}
