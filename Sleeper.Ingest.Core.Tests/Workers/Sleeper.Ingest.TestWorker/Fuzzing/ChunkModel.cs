using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A column chunk of a file that can be changed.</summary>
/// <param name="RowGroup">Its row group.</param>
/// <param name="Column">Its place there.</param>
/// <param name="Codec">How its pages are compressed.</param>
/// <param name="HasDictionary">True if the footer says where its dictionary page is.</param>
/// <param name="Pages">Its pages, the dictionary page first.</param>
/// <param name="Behind">What lies between it and the next chunk or the footer: Bloom filters and indexes.</param>
/// <param name="BehindOffset">Where that began.</param>
internal sealed record ChunkModel(int RowGroup, int Column, CompressionCodec Codec, bool HasDictionary, List<PageModel> Pages, byte[] Behind, long BehindOffset)
{
    public byte[] Behind { get; set; } = Behind;

    public ChunkModel Copy() => this with { Pages = [.. Pages.Select(page => page.Copy())] };
}
