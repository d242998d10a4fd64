using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The parts of a Parquet file in memory that are not rows: footer, page headers, indexes; and columns as they lie, with their levels.</summary>
internal sealed class DataFileParts
{
    private readonly byte[] _bytes;
    private readonly ParquetFileReader _file;

    private DataFileParts(byte[] bytes, ParquetFileReader file)
    {
        _bytes = bytes;
        _file = file;
    }

    public FileMetadata Metadata => _file.Metadata;

    public ParquetSchema Schema => _file.Schema;

    public IEnumerable<ColumnMetadata> Chunks => Metadata.RowGroups.SelectMany(g => g.Columns).Select(c => c.Metadata!);

    public static async Task<DataFileParts> OpenAsync(byte[] bytes) =>
        new(bytes, await ParquetFileReader.OpenAsync(new BytesSource("parts", bytes), ParquetReaderLimits.Default, TestContext.Current.CancellationToken));

    public ColumnMetadata Chunk(int column, int group = 0) => Metadata.RowGroups[group].Columns[column].Metadata!;

    public ColumnIndex ColumnIndex(int column, int group = 0)
    {
        var chunk = Metadata.RowGroups[group].Columns[column];
        var reader = new ThriftCompactReader(_bytes.AsSpan((int)chunk.ColumnIndexOffset!, (int)chunk.ColumnIndexLength!));
        return Core.Parquet.Metadata.ColumnIndex.Read(ref reader);
    }

    public OffsetIndex OffsetIndex(int column, int group = 0)
    {
        var chunk = Metadata.RowGroups[group].Columns[column];
        var reader = new ThriftCompactReader(_bytes.AsSpan((int)chunk.OffsetIndexOffset!, (int)chunk.OffsetIndexLength!));
        return Core.Parquet.Metadata.OffsetIndex.Read(ref reader);
    }

    /// <summary>The headers of a chunk's data pages, found by the offset index.</summary>
    public IEnumerable<PageHeader> PageHeaders(int column, int group = 0) =>
        OffsetIndex(column, group).PageLocations.Select(location => HeaderAt((int)location.Offset));

    /// <summary>A column of a row group with its levels.</summary>
    public async Task<ColumnVector> ReadAsync(int column, int group = 0)
    {
        await using var reader = await _file.OpenRowGroupAsync(group, [column], TestContext.Current.CancellationToken);
        var vector = new ColumnVector(Schema.Columns[column].VectorKind);
        await reader.ReadAsync(column, vector, (int)Metadata.RowGroups[group].NumRows, TestContext.Current.CancellationToken);
        return vector;
    }

    private PageHeader HeaderAt(int offset)
    {
        var reader = new ThriftCompactReader(_bytes.AsSpan(offset));
        return PageHeader.Read(ref reader);
    }
}
