namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>Whether a write that was answered with a refusal may have taken effect all the same, by an attempt whose answer never came.</summary>
/// <param name="isInDoubt">True from the start if the client sends requests again by itself: then nobody tells how often.</param>
internal sealed class S3Doubt(bool isInDoubt)
{
    public bool IsInDoubt { get; private set; } = isInDoubt;

    public void Note(S3Fault fault) => IsInDoubt |= fault is S3Fault.Transient or S3Fault.Throttled or S3Fault.Other;
}
