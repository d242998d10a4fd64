using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Holds what a footer claims against the limits, against the length of the file, and against itself, before anything is read by it.</summary>
internal static class FooterChecks
{
    /// <summary>The magic at the beginning of the file.</summary>
    private const int FirstChunkOffset = 4;

    private const int MaxDictionaryHeaderBytes = 100;

    private static readonly string[] OldWriters = ["parquet-mr version 1.0.", "parquet-mr version 1.1.", .. Enumerable.Range(0, 9).Select(patch => $"parquet-mr version 1.2.{patch}")];

    /// <summary>Checks all that concerns the whole file, and makes the schema.</summary>
    public static ParquetSchema Check(FileMetadata metadata, long metadataOffset, ParquetReaderLimits limits)
    {
        if (metadata.IsEncrypted)
        {
            throw new ParquetFormatException("The file has encrypted columns; encrypted Parquet files are not read.", "Decrypt it first.");
        }

        int columnCount = metadata.Schema.Count(element => element.IsLeaf);
        if (columnCount > limits.MaxColumns)
        {
            throw ParquetFormatException.AboveLimit($"The schema has {columnCount:N0} columns; the limit is {limits.MaxColumns:N0}.", nameof(limits.MaxColumns));
        }

        ParquetSchema schema = ParquetSchema.FromElements(metadata.Schema);
        CheckRowCounts(metadata, limits);
        CorrectLengths(metadata, metadataOffset);
        CheckChunks(metadata, schema, metadataOffset);
        return schema;
    }

    /// <summary>Checks what must hold for a chunk that is about to be read.</summary>
    public static ColumnMetadata CheckChosenChunk(LeafColumn column, ColumnChunkMetadata chunk, long rowCount)
    {
        if (chunk.IsEncrypted)
        {
            throw new ParquetFormatException("The column is encrypted; encrypted columns are not read.", "Decrypt the file first, or leave the column out.");
        }

        if (!string.IsNullOrEmpty(chunk.FilePath))
        {
            throw new ParquetFormatException($"The column chunk lies in another file ({ParquetFormatException.Quote(chunk.FilePath)}); only files that hold their own columns are read.");
        }

        if (chunk.Metadata is not { } metadata)
        {
            throw new ParquetFormatException("The column chunk has no metadata.");
        }

        if (metadata.Type != column.PhysicalType)
        {
            throw new ParquetFormatException($"The column chunk holds {metadata.Type} values, but the schema says {column.PhysicalType}.");
        }

        bool isFlat = column.MaxRepetitionLevel == 0;
        if (metadata.NumValues < 0 || (isFlat && metadata.NumValues != rowCount) || (!isFlat && metadata.NumValues < rowCount))
        {
            throw new ParquetFormatException($"The column chunk claims {metadata.NumValues:N0} values, but its row group {rowCount:N0} rows.");
        }

        return metadata;
    }

    /// <summary>
    /// parquet-mr before 1.2.9, which did not always say its version, left the header of a dictionary page out of the length of its chunk. Then the chunk ends where the
    /// next one begins.
    /// </summary>
    private static void CorrectLengths(FileMetadata metadata, long metadataOffset)
    {
        if (metadata.CreatedBy is not { } writer || (writer != "parquet-mr" && !OldWriters.Any(old => writer.StartsWith(old, StringComparison.Ordinal))))
        {
            return;
        }

        ColumnMetadata[] chunks = [.. metadata.RowGroups.SelectMany(group => group.Columns).Select(column => column.Metadata).OfType<ColumnMetadata>()
            .Where(chunk => chunk.NumValues != 0).OrderBy(chunk => ChunkRange.Of(chunk).Offset)];
        for (int i = 0; i < chunks.Length; i++)
        {
            long next = i + 1 < chunks.Length ? ChunkRange.Of(chunks[i + 1]).Offset : metadataOffset;
            if (next - ChunkRange.Of(chunks[i]).End is > 0 and <= MaxDictionaryHeaderBytes)
            {
                chunks[i].TotalCompressedSize = next - ChunkRange.Of(chunks[i]).Offset;
            }
        }
    }

    private static void CheckRowCounts(FileMetadata metadata, ParquetReaderLimits limits)
    {
        if (metadata.NumRows < 0)
        {
            throw new ParquetFormatException($"The footer claims {metadata.NumRows:N0} rows.");
        }

        if (metadata.NumRows > limits.MaxRows)
        {
            throw ParquetFormatException.AboveLimit($"The footer claims {metadata.NumRows:N0} rows; the limit is {limits.MaxRows:N0}.", nameof(limits.MaxRows));
        }

        long rows = 0;
        for (int i = 0; i < metadata.RowGroups.Count; i++)
        {
            long rowCount = metadata.RowGroups[i].NumRows;
            if (rowCount < 0 || rowCount > metadata.NumRows - rows)
            {
                throw new ParquetFormatException($"It claims {rowCount:N0} rows, but {metadata.NumRows - rows:N0} of the file's {metadata.NumRows:N0} rows are left.") { RowGroup = i };
            }

            rows += rowCount;
        }

        if (rows != metadata.NumRows)
        {
            throw new ParquetFormatException($"The footer claims {metadata.NumRows:N0} rows, but its row groups have {rows:N0} together.");
        }
    }

    private static void CheckChunks(FileMetadata metadata, ParquetSchema schema, long metadataOffset)
    {
        var ranges = new List<ChunkRange>();
        for (int i = 0; i < metadata.RowGroups.Count; i++)
        {
            IReadOnlyList<ColumnChunkMetadata> chunks = metadata.RowGroups[i].Columns;
            if (chunks.Count != schema.Columns.Count)
            {
                throw new ParquetFormatException($"It has {chunks.Count:N0} column chunks, but the schema has {schema.Columns.Count:N0} columns.") { RowGroup = i };
            }

            for (int c = 0; c < chunks.Count; c++)
            {
                CheckAgreement(schema.Columns[c], chunks[c].Metadata, i);
                if (chunks[c].Metadata is { } chunk && string.IsNullOrEmpty(chunks[c].FilePath) && chunk.NumValues != 0)
                {
                    ChunkRange range = ChunkRange.Of(chunk);
                    if (range.Offset < FirstChunkOffset || range.Length < 0 || range.Length > metadataOffset - range.Offset)
                    {
                        throw new ParquetFormatException(
                            $"The column chunk claims {range.Length:N0} bytes at byte {range.Offset:N0}, but column chunks lie between byte {FirstChunkOffset} and byte {metadataOffset:N0}.")
                        {
                            RowGroup = i,
                            Column = schema.Columns[c].DottedPath,
                            Offset = range.Offset,
                        };
                    }

                    ranges.Add(range);
                }
            }
        }

        CheckOverlaps(ranges);
    }

    /// <summary>
    /// What the footer says twice must be said alike. It has no checksum: a changed name would make a column a missing one, and a changed repetition its nulls
    /// values.
    /// </summary>
    private static void CheckAgreement(LeafColumn column, ColumnMetadata? chunk, int rowGroup)
    {
        if (chunk is null)
        {
            return;
        }

        if (!chunk.PathInSchema.SequenceEqual(column.Path))
        {
            throw new ParquetFormatException(
                $"The column chunk is of the column {ParquetFormatException.Quote(string.Join('.', chunk.PathInSchema))}, but the schema has another in its place.")
            {
                RowGroup = rowGroup,
                Column = column.DottedPath,
            };
        }

        if (column.MaxDefinitionLevel == 0 && chunk.Statistics?.NullCount > 0)
        {
            throw new ParquetFormatException(
                $"The column chunk has {chunk.Statistics.NullCount:N0} nulls by its statistics, but the schema says that the column has none.")
            {
                RowGroup = rowGroup,
                Column = column.DottedPath,
            };
        }
    }

    /// <summary>Chunks that share bytes make a small file expand without bound, and no writer makes them.</summary>
    private static void CheckOverlaps(List<ChunkRange> ranges)
    {
        ranges.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        for (int i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Offset < ranges[i - 1].End)
            {
                throw new ParquetFormatException(
                    $"The column chunks of {ranges[i - 1].Length:N0} bytes at byte {ranges[i - 1].Offset:N0} and of {ranges[i].Length:N0} bytes at byte {ranges[i].Offset:N0} overlap.")
                { Offset = ranges[i].Offset };
            }
        }
    }
}
