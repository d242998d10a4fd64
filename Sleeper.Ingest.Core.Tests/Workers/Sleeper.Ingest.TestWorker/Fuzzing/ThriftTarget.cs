using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Footers with the checks of what they claim, or page headers.</summary>
internal sealed class ThriftTarget(bool isFooter) : FuzzTarget
{
    /// <summary>Behind all chunks that the samples' footers tell of.</summary>
    private const int FooterOffset = 1 << 16;

    private const int VeryDeep = 200_000;

    private readonly GuardedMemory _memory = new(1 << 20);
    private readonly Lazy<ThriftNode[]> _seeds = new(() => [.. MakeSeeds(isFooter)]);

    public override string Name => isFooter ? "footer" : "page-header";

    public override byte[] Make(FuzzRandom random)
    {
        ThriftNode tree = random.Pick(_seeds.Value).Copy();
        var bytes = new List<byte>();
        if (random.OneIn(500))
        {
            // Structs or lists in the unknown field 9, nested so deep that what goes down with them has no stack left.
            byte type = (byte)(random.OneIn(2) ? ThriftType.Struct : ThriftType.List);
            bytes.Add((byte)(0x90 | type));
            bytes.AddRange(Enumerable.Repeat((byte)(0x10 | type), VeryDeep));
            return [.. bytes];
        }

        if (random.OneIn(5))
        {
            tree.Write(bytes);
            ByteMutator.Mutate(bytes, [[0, 0x1C, 0x19, 0xFF]], random);
            return [.. bytes];
        }

        for (int i = random.OneIn(2) ? 1 : 1 + random.Next(4); i > 0; i--)
        {
            ThriftMutator.Mutate(tree, random);
        }

        tree.Write(bytes);
        return [.. bytes];
    }

    public override unsafe void Run(byte[] input, FuzzWork work)
    {
        var reader = new ThriftCompactReader(new ReadOnlySpan<byte>(_memory.Put(input), input.Length), FooterOffset);
        if (isFooter)
        {
            FileMetadata metadata = FileMetadata.Read(ref reader, FileTarget.Limits);
            FooterChecks.Check(metadata, FooterOffset, FileTarget.Limits);
        }
        else
        {
            PageHeader.Read(ref reader);
        }

        if (reader.Position > input.Length)
        {
            throw new FuzzFailure($"{reader.Position} bytes of {input.Length} were read.");
        }
    }

    private static IEnumerable<ThriftNode> MakeSeeds(bool isFooter) =>
        SampleFiles.All.Select(FileModel.Parse).SelectMany(
            model => isFooter ? (IEnumerable<ThriftNode>)[model.Footer] : model.Chunks.SelectMany(chunk => chunk.Pages).Select(page => page.Header));
}
