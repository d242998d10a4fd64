namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>A place in a column, or a length of it, in its three measures.</summary>
internal readonly record struct PageExtent(int Rows, int Levels, int Values)
{
    public static PageExtent operator +(PageExtent a, PageExtent b) => new(a.Rows + b.Rows, a.Levels + b.Levels, a.Values + b.Values);
}
