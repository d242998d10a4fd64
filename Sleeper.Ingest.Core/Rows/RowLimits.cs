namespace Sleeper.Ingest.Core.Rows;

/// <summary>How big a row may be.</summary>
/// <param name="MaxKeyFieldBytes">The longest value of a key field, in bytes. Default 65,536.</param>
/// <param name="MaxRowBytes">The longest encoded row, in bytes. Default 16 MiB; never more than an eighth of the memory budget.</param>
internal sealed record RowLimits(int MaxKeyFieldBytes = 64 * 1024, int MaxRowBytes = 16 * 1024 * 1024);
