using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Footers with one thing wrong each: what <c>FooterChecks</c> must refuse.</summary>
internal static class BadFooters
{
    private const long FooterOffset = 1000;

    /// <summary>The name of each, words of its error, and what is done to a good footer.</summary>
    private static readonly Dictionary<string, (string Why, Action<FileMetadata> Change, ParquetReaderLimits Limits)> All = new()
    {
        ["encrypted columns"] = ("has encrypted columns", footer => footer.IsEncrypted = true, ParquetReaderLimits.Default),
        ["too many columns"] = ("3 columns; the limit is 2", _ => { }, new ParquetReaderLimits { MaxColumns = 2 }),
        ["negative rows"] = ("claims -1 rows", footer => footer.NumRows = -1, ParquetReaderLimits.Default),
        ["too many rows"] = ("claims 20 rows; the limit is 19", _ => { }, new ParquetReaderLimits { MaxRows = 19 }),
        ["negative rows of a group"] = ("claims -2 rows", footer => footer.RowGroups[0].NumRows = -2, ParquetReaderLimits.Default),
        ["a group with more rows than are left"] = ("claims 11 rows, but 10", footer => footer.RowGroups[1].NumRows = 11, ParquetReaderLimits.Default),
        ["groups with fewer rows than the file"] = ("row groups have 19", footer => footer.RowGroups[1].NumRows = 9, ParquetReaderLimits.Default),
        ["a chunk too few"] = ("has 2 column chunks", footer => footer.RowGroups[1].Columns = [.. footer.RowGroups[1].Columns.Take(2)], ParquetReaderLimits.Default),
        ["a chunk too many"] = ("has 4 column chunks", footer => footer.RowGroups[1].Columns = [.. footer.RowGroups[1].Columns, Chunk(footer, 0)], ParquetReaderLimits.Default),
        ["chunks in another order"] = ("is of the column 'b'", footer => footer.RowGroups[0].Columns = [Chunk(footer, 1), Chunk(footer, 0), Chunk(footer, 2)], ParquetReaderLimits.Default),
        ["nulls without a level for them"] = ("has 3 nulls", footer => Column(footer, 0).Statistics = new Statistics { NullCount = 3 }, ParquetReaderLimits.Default),
        ["a chunk in front of the file"] = ("100 bytes at byte 3,", footer => Column(footer, 0).DataPageOffset = 3, ParquetReaderLimits.Default),
        ["a chunk at a negative offset"] = ("between byte 4 and byte 1,000", footer => Column(footer, 0).DataPageOffset = long.MinValue, ParquetReaderLimits.Default),
        ["a chunk of negative length"] = ("claims -1 bytes", footer => Column(footer, 0).TotalCompressedSize = -1, ParquetReaderLimits.Default),
        ["a chunk that reaches into the footer"] = ("claims 497 bytes", footer => Column(footer, 2, 1).TotalCompressedSize = 497, ParquetReaderLimits.Default),
        ["a chunk behind the end of numbers"] = ("between byte 4 and byte 1,000", footer => Column(footer, 0).DataPageOffset = long.MaxValue, ParquetReaderLimits.Default),
        ["chunks that overlap"] = ("overlap", footer => Column(footer, 0).TotalCompressedSize = 101, ParquetReaderLimits.Default),
        ["chunks of two groups that overlap"] = ("overlap", footer => Column(footer, 0, 1).DataPageOffset = 303, ParquetReaderLimits.Default),
        ["an encrypted chunk"] = ("The column is encrypted", footer => Chunk(footer, 1).IsEncrypted = true, ParquetReaderLimits.Default),
        ["a chunk in another file"] = ("lies in another file ('else.parquet')", footer => Chunk(footer, 1).FilePath = "else.parquet", ParquetReaderLimits.Default),
        ["a chunk without metadata"] = ("has no metadata", footer => Chunk(footer, 1).Metadata = null, ParquetReaderLimits.Default),
        ["a chunk of another type"] = ("holds Int64 values, but the schema says Int32", footer => Column(footer, 0).Type = PhysicalType.Int64, ParquetReaderLimits.Default),
        ["negative values"] = ("claims -1 values", footer => Column(footer, 0).NumValues = -1, ParquetReaderLimits.Default),
        ["more values than rows"] = ("claims 11 values, but its row group 10", footer => Column(footer, 0).NumValues = 11, ParquetReaderLimits.Default),
        ["fewer values than rows of a list"] = ("claims 9 values, but its row group 10", footer => Column(footer, 2).NumValues = 9, ParquetReaderLimits.Default),
    };

    public static IEnumerable<string> Names => All.Keys;

    /// <summary>What is wrong with how the footer is taken; null if it is refused in the right words.</summary>
    public static string? Miss(string name)
    {
        (string why, Action<FileMetadata> change, ParquetReaderLimits limits) = All[name];
        FileMetadata footer = MakeGood();
        change(footer);
        try
        {
            Check(footer, limits);
            return "it was taken";
        }
        catch (ParquetFormatException fault)
        {
            return fault.Message.Contains(why, StringComparison.Ordinal) ? null : fault.Message;
        }
    }

    /// <summary>Throws if the footer without anything wrong is refused.</summary>
    public static void CheckGood() => Check(MakeGood(), ParquetReaderLimits.Default);

    private static void Check(FileMetadata footer, ParquetReaderLimits limits)
    {
        ParquetSchema schema = FooterChecks.Check(footer, FooterOffset, limits);
        foreach (RowGroupMetadata group in footer.RowGroups)
        {
            foreach ((int i, ColumnChunkMetadata chunk) in group.Columns.Index())
            {
                FooterChecks.CheckChosenChunk(schema.Columns[i], chunk, group.NumRows);
            }
        }
    }

    private static ColumnChunkMetadata Chunk(FileMetadata footer, int column, int group = 0) => footer.RowGroups[group].Columns[column];

    private static ColumnMetadata Column(FileMetadata footer, int column, int group = 0) => Chunk(footer, column, group).Metadata!;

    /// <summary>A number, an optional text and a list; two groups of ten rows; chunks of 100 bytes behind one another from byte 4 on.</summary>
    private static FileMetadata MakeGood()
    {
        var schema = new ParquetSchema(
            "m",
            [
                SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int32),
                SchemaNode.Utf8("b", Repetition.Optional),
                SchemaNode.List("c", Repetition.Optional, SchemaNode.Primitive("element", Repetition.Required, PhysicalType.Int64)),
            ]);
        long offset = 4;
        var groups = new List<RowGroupMetadata>();
        for (int group = 0; group < 2; group++)
        {
            var chunks = new List<ColumnChunkMetadata>();
            foreach (LeafColumn column in schema.Columns)
            {
                chunks.Add(new ColumnChunkMetadata
                {
                    Metadata = new ColumnMetadata
                    {
                        Type = column.PhysicalType,
                        Encodings = [ParquetEncoding.Plain],
                        PathInSchema = column.Path,
                        NumValues = column.MaxRepetitionLevel > 0 ? 12 : 10,
                        TotalCompressedSize = 100,
                        TotalUncompressedSize = 100,
                        DataPageOffset = offset,
                    },
                });
                offset += 100;
            }

            groups.Add(new RowGroupMetadata { NumRows = 10, Columns = chunks });
        }

        return new FileMetadata { Version = 1, Schema = schema.ToElements(), NumRows = 20, RowGroups = groups };
    }
}
