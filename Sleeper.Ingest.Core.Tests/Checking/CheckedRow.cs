namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A row as DuckDB finds it.</summary>
/// <param name="Ingest">Whose it is.</param>
/// <param name="Number">Its number there.</param>
/// <param name="Digest">SHA-256 of its text.</param>
/// <param name="Keys">Row keys, then sort keys, as <see cref="KeyText"/>.</param>
internal sealed record CheckedRow(string Ingest, int Number, string Digest, string[] Keys);
