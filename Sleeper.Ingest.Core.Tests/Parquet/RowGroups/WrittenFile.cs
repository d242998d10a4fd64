using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

/// <summary>A file made from whole columns, and its parts read back.</summary>
internal sealed class WrittenFile
{
    public WrittenFile(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    public FileMetadata Metadata
    {
        get
        {
            int length = BitConverter.ToInt32(Bytes, Bytes.Length - 8);
            var reader = new ThriftCompactReader(Bytes.AsSpan(Bytes.Length - 8 - length, length));
            return FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
        }
    }

    /// <summary>One row group for each array of columns, given to the encoder in batches of the rows that <paramref name="batchRows"/> says.</summary>
    public static WrittenFile Write(ParquetSchema schema, ParquetWriterOptions options, Func<int>? batchRows, params ColumnVector[][] groups)
    {
        using var encoder = new RowGroupEncoder(schema, options);
        var builder = new ParquetFileBuilder(schema, options);
        var file = new MemoryStream();
        file.Write(ParquetFileBuilder.Header.Span);
        foreach (ColumnVector[] columns in groups)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                foreach (ColumnVector batch in VectorSamples.Split(schema.Columns[column], columns[column], batchRows))
                {
                    encoder.Append(column, batch);
                }
            }

            using EncodedRowGroup group = encoder.Finish();
            builder.Add(group);
            foreach (ReadOnlyMemory<byte> segment in group.Segments)
            {
                file.Write(segment.Span);
            }
        }

        file.Write(builder.Finish().Span);
        Assert.Equal(file.Length, builder.Length);
        return new WrittenFile(file.ToArray());
    }

    public ColumnMetadata Column(int column, int group = 0) => Metadata.RowGroups[group].Columns[column].Metadata!;

    public ColumnIndex ColumnIndex(int column, int group = 0)
    {
        ColumnChunkMetadata chunk = Metadata.RowGroups[group].Columns[column];
        var reader = new ThriftCompactReader(Bytes.AsSpan((int)chunk.ColumnIndexOffset!, (int)chunk.ColumnIndexLength!));
        return Core.Parquet.Metadata.ColumnIndex.Read(ref reader);
    }

    public OffsetIndex OffsetIndex(int column, int group = 0)
    {
        ColumnChunkMetadata chunk = Metadata.RowGroups[group].Columns[column];
        var reader = new ThriftCompactReader(Bytes.AsSpan((int)chunk.OffsetIndexOffset!, (int)chunk.OffsetIndexLength!));
        return Core.Parquet.Metadata.OffsetIndex.Read(ref reader);
    }

    /// <summary>The headers of a chunk's data pages, found by the offset index.</summary>
    public PageHeader[] PageHeaders(int column, int group = 0) => [.. OffsetIndex(column, group).PageLocations.Select(location => HeaderAt(location.Offset))];

    public PageHeader HeaderAt(long offset)
    {
        var reader = new ThriftCompactReader(Bytes.AsSpan((int)offset));
        return PageHeader.Read(ref reader);
    }

    /// <summary>All columns of a row group, read by the reader with checksums.</summary>
    public async Task<ColumnVector[]> ReadAsync(int group = 0)
    {
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(new BytesSource("written", Bytes), new ParquetReaderLimits(), TestContext.Current.CancellationToken);
        return await ParquetDrain.ReadColumnsAsync(file, group, 7_777);
    }
}
