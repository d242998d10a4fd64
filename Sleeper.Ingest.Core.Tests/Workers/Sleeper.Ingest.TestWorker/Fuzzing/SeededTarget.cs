namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A target whose inputs are good ones with damaged bytes.</summary>
internal abstract class SeededTarget : FuzzTarget
{
    private byte[][]? _seeds;

    protected IReadOnlyList<byte[]> Seeds => _seeds ??= [.. MakeSeeds()];

    public override byte[] Make(FuzzRandom random) => ByteMutator.Mutated(random.Pick(Seeds), Seeds, random);

    protected abstract IEnumerable<byte[]> MakeSeeds();
}
