namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>A type that another one uses.</summary>
internal sealed record TypeUse(string From, string To);
