using System.Globalization;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Differential;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>DuckDB beside our reader: of a file that we take it has the same rows, or it refuses the file.</summary>
/// <remarks>
/// What is compared: columns that are one value, a list or a map in the standard form, of values without annotations, or text. Of others (annotated numbers, INT96, of which DuckDB
/// makes a timestamp, structs, old forms of lists) engines may rightly make different things. DuckDB's optimizer is off: it believes statistics, which nothing protects.
/// </remarks>
internal sealed class FileReferee : IDisposable
{
    private const short DataPageHeader = 5;
    private const short DefinitionLevelEncoding = 3;
    private const short RepetitionLevelEncoding = 4;

    private readonly DuckDbConnection _connection;
    private readonly string _folder;
    private long _number;

    /// <summary>Loads DuckDB; files are written into the folder for it.</summary>
    public FileReferee(string library, string folder)
    {
        _connection = new DuckDbDatabase(library).Connect();
        _folder = folder;
        foreach (string setting in (string[])["SET threads = 1", "SET memory_limit = '512MB'", "SET autoinstall_known_extensions = false", "SET enable_external_file_cache = false", "PRAGMA disable_optimizer"])
        {
            _connection.Run(setting, collect: false);
        }
    }

    /// <summary>Files with equal rows.</summary>
    public long Same { get; private set; }

    /// <summary>Files that DuckDB refuses.</summary>
    public long Refused { get; private set; }

    /// <summary>Files without a column that can be compared, and those whose columns do not fit one another.</summary>
    public long Skipped { get; private set; }

    /// <summary>Why DuckDB refused files, in its words but for numbers, or why it may read other rows; and how often.</summary>
    public SortedDictionary<string, int> Reasons { get; } = new(StringComparer.Ordinal);

    /// <summary>Compares the rows of a file.</summary>
    /// <param name="file">A file that our reader takes.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="fields">The columns that our reader gives.</param>
    /// <param name="isLastOfKey">True if our reader gives only the last of a map's entries with one key.</param>
    /// <param name="readRows">Our rows: the texts of these columns, with bars between them. Null if there are none to compare.</param>
    /// <exception cref="FuzzFailure">DuckDB reads other rows.</exception>
    public void Compare(byte[] file, ParquetSchema schema, IEnumerable<int> fields, bool isLastOfKey, Func<IReadOnlyList<int>, List<string>?> readRows)
    {
        List<(int Field, string Sql)> compared = [];
        foreach (int field in fields)
        {
            if (Sql(schema.Fields[field], $"c{field}", isLastOfKey) is { } sql)
            {
                compared.Add((field, $"coalesce({sql}, 'null')"));
            }
        }

        if (compared.Count == 0 || readRows([.. compared.Select(column => column.Field)]) is not { } ours)
        {
            Skipped++;
            return;
        }

        string names = string.Join(", ", Enumerable.Range(0, schema.Fields.Count).Select(i => $"c{i}"));
        if (Read(file, string.Join(" || '|' || ", compared.Select(column => column.Sql)), names) is not { } theirs)
        {
            Refused++;
            return;
        }

        if (Difference(ours, theirs) is not { } difference)
        {
            Same++;
        }
        else if (ToleratedReason(file) is { } reason)
        {
            Note($"tolerated: {reason}");
        }
        else
        {
            throw new FuzzFailure(difference);
        }
    }

    public void Dispose() => _connection.Dispose();

    private static string? Difference(List<string> ours, List<string> theirs)
    {
        int same = ours.Zip(theirs).TakeWhile(pair => pair.First == pair.Second).Count();
        return same < Math.Min(ours.Count, theirs.Count) ? $"Row {same} is\n{ours[same]}\nbut DuckDB reads\n{theirs[same]}"
            : ours.Count != theirs.Count ? $"{ours.Count:N0} rows were read, but DuckDB reads {theirs.Count:N0}."
            : null;
    }

    /// <summary>Why DuckDB may read other rows of this file, where the format says that we are right; null if it may not.</summary>
    private static string? ToleratedReason(byte[] file)
    {
        ThriftNode[] pages = [.. FileModel.Parse(file).Chunks.SelectMany(chunk => chunk.Pages).Select(page => page.Header)];
        return pages.Any(HasBitPackedLevels) ? "a page of version 1 says that its levels are BIT_PACKED, which DuckDB reads as RLE" : null;
    }

    private static bool HasBitPackedLevels(ThriftNode page) =>
        page.Member(DataPageHeader) is { } data && new[] { DefinitionLevelEncoding, RepetitionLevelEncoding }.Any(id => data.Member(id)?.Number == (long)ParquetEncoding.BitPacked);

    private void Note(string reason) => Reasons[reason] = Reasons.GetValueOrDefault(reason) + 1;

    private List<string>? Read(byte[] file, string line, string names)
    {
        // A new name each time, so that nothing can be kept from the last one.
        string path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{_number++}.parquet"));
        File.WriteAllBytes(path, file);
        try
        {
            return [.. _connection.Run($"SELECT {line} FROM read_parquet('{path.Replace("'", "''", StringComparison.Ordinal)}') AS t({names})", collect: true).Select(row => LeafText.OfDuckDb(row[0]!))];
        }
        catch (InvalidOperationException refusal)
        {
            Note("refused: " + string.Concat(refusal.Message.Split('\n')[0].Replace(path, "", StringComparison.Ordinal).Split(" In: ")[0].Split(" value ")[0].Where(letter => !char.IsDigit(letter)).Take(120)));
            return null;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string? Sql(SchemaNode node, string value, bool isLastOfKey)
    {
        if (node.Repetition == Repetition.Repeated)
        {
            return null;
        }

        if (!node.IsGroup)
        {
            return LeafSql(node, value);
        }

        if (node.Children is not [{ Repetition: Repetition.Repeated, IsGroup: true } repeated] || repeated.Children.Any(child => child.IsGroup || child.Repetition == Repetition.Repeated))
        {
            return null;
        }

        return (node.LogicalType?.Kind, node.ConvertedType, repeated.Children) switch
        {
            (LogicalTypeKind.List or null, ConvertedType.List or null, [var element]) when IsAnnotated(node) && repeated.Name != "array" && !repeated.Name.EndsWith("_tuple", StringComparison.Ordinal) =>
                Joined(value, "i", LeafSql(element, "i")),
            (LogicalTypeKind.Map or null, ConvertedType.Map or null, [{ Repetition: Repetition.Required } key, var mapped]) when IsAnnotated(node) =>
                Joined(
                    isLastOfKey ? $"list_filter(map_entries({value}), lambda e, n: NOT list_contains(map_keys({value})[n + 1:], e.key))" : $"map_entries({value})",
                    "i",
                    LeafSql(key, "i.key") is { } keySql && LeafSql(mapped, "i.value") is { } valueSql ? $"{keySql} || ':' || coalesce({valueSql}, 'null')" : null,
                    isSorted: true),
            _ => null,
        };
    }

    private static bool IsAnnotated(SchemaNode node) => node.LogicalType is not null || node.ConvertedType is not null;

    private static string? Joined(string list, string item, string? itemSql, bool isSorted = false)
    {
        if (itemSql is null)
        {
            return null;
        }

        string texts = $"list_transform({list}, lambda {item}: coalesce({itemSql}, 'null'))";
        return $"'[' || array_to_string({(isSorted ? $"list_sort({texts})" : texts)}, ',') || ']'";
    }

    private static string? LeafSql(SchemaNode leaf, string value) => (leaf.PhysicalType, leaf.LogicalType?.Kind, leaf.ConvertedType) switch
    {
        (PhysicalType.Boolean, null, null) => $"({value})::INTEGER::VARCHAR",
        (PhysicalType.Int32 or PhysicalType.Int64, null, null) => $"({value})::VARCHAR",
        (PhysicalType.Float or PhysicalType.Double, null, null) => $"'f<' || ({value})::DOUBLE::VARCHAR || '>'",
        (PhysicalType.ByteArray or PhysicalType.FixedLenByteArray, null, null) or (PhysicalType.ByteArray, LogicalTypeKind.String or null, ConvertedType.Utf8 or null) =>
            $"'\"' || lower(hex({value})) || '\"'",
        _ => null,
    };
}
