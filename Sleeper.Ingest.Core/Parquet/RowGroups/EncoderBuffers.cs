using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Encodings;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Buffers that the columns of an encoder share: used for one page at a time.</summary>
internal sealed class EncoderBuffers
{
    public ByteBuffer Values { get; } = new(4096);

    public ByteBuffer Comparison { get; } = new(0);

    public ByteBuffer RepetitionLevels { get; } = new();

    public ByteBuffer DefinitionLevels { get; } = new();

    public EncoderScratch Scratch { get; } = new();

    public long CapacityBytes => Values.Capacity + Comparison.Capacity + RepetitionLevels.Capacity + DefinitionLevels.Capacity + Scratch.CapacityBytes;
}
