using System.Buffers.Binary;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet;

// "PAR1"
// row groups      column chunks: [dictionary page] data pages; then the Bloom filters of those that have one
// column indexes  of all chunks, group by group, each with a checksum behind it
// offset indexes  of all chunks, group by group
// seal            a checksum of the footer (FooterSeal)
// footer          FileMetaData (Thrift)
// 4 bytes LE      length of the footer
// "PAR1"

/// <summary>Puts encoded row groups together to a file. Holds no bytes of rows: the caller writes the header, then each group's segments as it adds them, then the end.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class ParquetFileBuilder
{
    private static readonly byte[] Magic = "PAR1"u8.ToArray();

    private readonly ParquetSchema _schema;
    private readonly ParquetWriterOptions _options;
    private readonly List<EncodedRowGroup> _rowGroups = [];
    private bool _isFinished;

    public ParquetFileBuilder(ParquetSchema schema, ParquetWriterOptions options)
    {
        _schema = schema;
        _options = options;
    }

    /// <summary>The first bytes of the file.</summary>
    public static ReadOnlyMemory<byte> Header => Magic;

    /// <summary>Bytes of the file so far: the header and all groups added.</summary>
    public long Length { get; private set; } = Magic.Length;

    public long RowCount { get; private set; }

    /// <summary>Places the next group. Its segments must be written next; then it may be disposed.</summary>
    public void Add(EncodedRowGroup rowGroup)
    {
        ThrowIfFinished();
        if (_rowGroups.Count == short.MaxValue)
        {
            throw new IngestException($"A Parquet file holds at most {short.MaxValue} row groups, since their ordinal has 16 bits. Use larger row groups or more files.");
        }

        if (rowGroup.RowCount == 0)
        {
            return;
        }

        rowGroup.Place(Length, (short)_rowGroups.Count);
        _rowGroups.Add(rowGroup);
        Length += rowGroup.Length;
        RowCount += rowGroup.RowCount;
    }

    /// <summary>What follows the last group: indexes, footer and the end of the file.</summary>
    /// <param name="output">Where it is put together, in place of what is there; null for a buffer of its own.</param>
    public ReadOnlyMemory<byte> Finish(ByteBuffer? output = null)
    {
        ThrowIfFinished();
        _isFinished = true;
        output ??= new ByteBuffer(4096);
        output.Clear();
        var writer = new ThriftCompactWriter(output);
        WriteColumnIndexes(writer);
        WriteOffsetIndexes(writer);
        FooterSeal.Open(output);
        int footerStart = output.Length;
        Footer().Write(writer);
        FooterSeal.Close(output, footerStart);
        int footerLength = output.Length - footerStart;
        BinaryPrimitives.WriteInt32LittleEndian(output.Reserve(sizeof(int)), footerLength);
        output.Advance(sizeof(int));
        output.Append(Magic);
        Length += output.Length;
        return output.WrittenMemory;
    }

    private void WriteColumnIndexes(ThriftCompactWriter writer)
    {
        foreach (EncodedRowGroup group in _rowGroups)
        {
            for (int i = 0; i < group.ColumnIndexes.Count; i++)
            {
                if (group.ColumnIndexes[i] is { } index)
                {
                    int start = writer.Buffer.Length;
                    index.Write(writer);
                    group.Metadata.Columns[i].ColumnIndexOffset = Length + start;
                    group.Metadata.Columns[i].ColumnIndexLength = writer.Buffer.Length - start;
                    FooterSeal.AppendChecksum(writer.Buffer, start);
                }
            }
        }
    }

    private void WriteOffsetIndexes(ThriftCompactWriter writer)
    {
        foreach (EncodedRowGroup group in _rowGroups)
        {
            for (int i = 0; i < group.OffsetIndexes.Count; i++)
            {
                int start = writer.Buffer.Length;
                group.OffsetIndexes[i].Write(writer);
                group.Metadata.Columns[i].OffsetIndexOffset = Length + start;
                group.Metadata.Columns[i].OffsetIndexLength = writer.Buffer.Length - start;
            }
        }
    }

    private FileMetadata Footer()
    {
        var orders = new ColumnOrder[_schema.Columns.Count];
        Array.Fill(orders, ColumnOrder.TypeDefined);
        return new FileMetadata
        {
            Version = 1,
            Schema = _schema.ToElements(),
            NumRows = RowCount,
            RowGroups = [.. _rowGroups.Select(group => group.Metadata)],
            CreatedBy = _options.CreatedBy,
            ColumnOrders = orders,
        };
    }

    private void ThrowIfFinished()
    {
        if (_isFinished)
        {
            throw new InvalidOperationException("The file is finished; a new file needs a new builder.");
        }
    }
}
