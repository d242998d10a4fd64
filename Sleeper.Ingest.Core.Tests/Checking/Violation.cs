namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Something that must never be so in a table.</summary>
/// <param name="Id">The invariant, as <see cref="TableChecker"/> lists them.</param>
/// <param name="Text">Which thing breaks it, and how.</param>
internal sealed record Violation(string Id, string Text)
{
    public override string ToString() => $"{Id}: {Text}";
}
