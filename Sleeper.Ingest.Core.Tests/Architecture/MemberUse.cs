namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>A method or field that some code refers to.</summary>
/// <param name="From">The type that holds the code.</param>
/// <param name="Owner">The type that declares the member.</param>
/// <param name="Name">The member.</param>
/// <param name="Signature">Its parameter types and its type.</param>
internal sealed record MemberUse(string From, string Owner, string Name, string Signature);
