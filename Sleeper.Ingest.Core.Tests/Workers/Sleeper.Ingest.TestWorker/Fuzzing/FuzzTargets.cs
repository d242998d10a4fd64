using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using static Sleeper.Ingest.Core.Parquet.Metadata.ParquetEncoding;
using static Sleeper.Ingest.Core.Parquet.Metadata.PhysicalType;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Every target, by name. New ones go to the end: a target's place is part of what its runs are made from.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new ThriftTarget(isFooter: true),
        new ThriftTarget(isFooter: false),
        new LevelsTarget(),
        new DecoderTarget("plain", [(PhysicalType.Boolean, Plain), (PhysicalType.Int32, Plain), (PhysicalType.Int64, Plain), (Int96, Plain), (ByteArray, Plain), (FixedLenByteArray, Plain), (PhysicalType.Boolean, Rle)]),
        new DecoderTarget("dictionary", [(PhysicalType.Int32, RleDictionary), (PhysicalType.Int64, RleDictionary), (ByteArray, RleDictionary), (FixedLenByteArray, RleDictionary)]),
        new DecoderTarget("delta-numbers", [(PhysicalType.Int32, DeltaBinaryPacked), (PhysicalType.Int64, DeltaBinaryPacked)]),
        new DecoderTarget("delta-bytes", [(ByteArray, DeltaLengthByteArray), (ByteArray, DeltaByteArray), (FixedLenByteArray, DeltaByteArray)]),
        new DecoderTarget("byte-stream-split", [(PhysicalType.Int32, ByteStreamSplit), (PhysicalType.Double, ByteStreamSplit), (FixedLenByteArray, ByteStreamSplit)]),
        new CodecTarget("snappy", [CompressionCodec.Snappy]),
        new CodecTarget("lz4", [CompressionCodec.Lz4Raw, CompressionCodec.Lz4]),
        new CodecTarget("library-codecs", PageCompression.IsAvailable(CompressionCodec.Zstd) ? [CompressionCodec.Gzip, CompressionCodec.Brotli, CompressionCodec.Zstd] : [CompressionCodec.Gzip, CompressionCodec.Brotli]),
        new FileTarget(),
        new IngestTarget(),
        new TableTarget(),
        new SketchTarget(),
        new LogEntryTarget(),
        new SpillTarget(),
        new SnapshotTarget(),
        new ArrowTarget(),
        new JobMessageTarget(),
        new PropertiesTarget(),
    ];

    public static int NumberOf(FuzzTarget target) => All.ToList().IndexOf(target);

    public static FuzzTarget ByName(string name) =>
        All.SingleOrDefault(target => target.Name == name) ?? throw new ArgumentException($"There is no target '{name}'; there are {string.Join(", ", All.Select(target => target.Name))}.");
}
