namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A partition's claim on the rows of a file.</summary>
internal sealed record CheckedReference(string Partition, long Rows, bool IsApproximate, bool IsShared, long Updated);
