namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A page of a file that can be changed: its header as a tree, and its bytes as stored.</summary>
internal sealed record PageModel(ThriftNode Header, byte[] Body)
{
    private const short UncompressedSize = 2;
    private const short CompressedSize = 3;
    private const short Checksum = 4;
    private const short V2Header = 8;
    private const short V2RepetitionLength = 6;
    private const short V2DefinitionLength = 5;

    public ThriftNode Header { get; } = Header;

    public byte[] Body { get; set; } = Body;

    public int UncompressedLength => (int)(Header.Member(UncompressedSize)?.Number ?? 0);

    /// <summary>Bytes of levels before the compressed part; 0 but for v2 pages.</summary>
    public int LevelsLength
    {
        get
        {
            ThriftNode? v2 = Header.Member(V2Header);
            long length = (v2?.Member(V2RepetitionLength)?.Number ?? 0) + (v2?.Member(V2DefinitionLength)?.Number ?? 0);
            return (int)Math.Clamp(length, 0, Body.Length);
        }
    }

    /// <summary>True if the part behind the levels is not compressed although the chunk has a codec.</summary>
    public bool IsStored => Header.Member(V2Header)?.Member(7) is { Type: Core.Parquet.Thrift.ThriftType.False };

    public PageModel Copy() => new(Header.Copy(), Body);

    /// <summary>Makes the header say the truth about the bytes.</summary>
    public void FixSizes(int uncompressedLength)
    {
        Header.SetNumber(UncompressedSize, uncompressedLength);
        Header.SetNumber(CompressedSize, Body.Length);
    }

    public void FixChecksum() => Header.SetNumber(Checksum, (int)Core.Buffers.Crc32.Compute(Body));
}
