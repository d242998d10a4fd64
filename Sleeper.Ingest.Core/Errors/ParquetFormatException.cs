using System.Globalization;
using System.Text;

namespace Sleeper.Ingest.Core;

/// <summary>
/// A Parquet file, or a part of one, is not what the format says: damaged, cut short, larger than the limits for files that nobody vouches for
/// (<see cref="ParquetReadLimits"/>), or using what this library does not read. Whatever the bytes of a file, reading it ends in rows or in this error.
/// </summary>
/// <remarks>
/// The message says all that the properties say, what was found, and what to do. What is known of the place depends on how far the reader came: a fault of
/// the footer has no row group, column or page.
/// </remarks>
public sealed class ParquetFormatException : IngestException
{
    private const string UsualRemedy = "The file is damaged, or its writer is faulty: get it again from where it came from, or leave it out.";
    private const int LongestName = 120;

    private readonly string _what;
    private readonly string _remedy;

    /// <param name="what">What was found, with the values seen; a sentence.</param>
    /// <param name="remedy">What to do, if it is not to get the file again.</param>
    /// <param name="innerException">The fault below, if there is one.</param>
    internal ParquetFormatException(string what, string? remedy = null, Exception? innerException = null)
        : base($"{what} {remedy ?? UsualRemedy}", innerException)
    {
        _what = what;
        _remedy = remedy ?? UsualRemedy;
        Finding = what;
    }

    private ParquetFormatException(ParquetFormatException fault, string finding)
        : base($"{finding} {fault._remedy}", fault.InnerException ?? fault)
    {
        _what = fault._what;
        _remedy = fault._remedy;
        Finding = finding;
    }

    /// <summary>The file, as it was named when it was opened; null if only a part of a file was looked at.</summary>
    public string? FileName { get; private init; }

    /// <summary>The byte of the file at which the faulty part begins: a page, or a value of the metadata; null if the whole file is at fault.</summary>
    public long? Offset { get; internal init; }

    /// <summary>The row group, from 0.</summary>
    public int? RowGroup { get; internal init; }

    /// <summary>The leaf column, by the names from the top of the schema down, with dots between them.</summary>
    public string? Column { get; internal init; }

    /// <summary>The page of the column chunk, from 0; a dictionary page counts.</summary>
    public int? Page { get; private init; }

    /// <summary>Where and what, without what to do.</summary>
    internal string Finding { get; }

    /// <summary>True if the file may be a good one that the limits are too low for.</summary>
    internal bool IsAboveLimit { get; private init; }

    /// <summary>A name out of a file as it may stand in a message: of bounded length and on one line.</summary>
    internal static string Quote(string name)
    {
        string start = name.Length <= LongestName ? name : name[..LongestName];
        string line = string.Concat(start.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return name.Length <= LongestName ? $"'{line}'" : string.Create(CultureInfo.InvariantCulture, $"'{line}…' ({name.Length:N0} characters)");
    }

    /// <summary>A fault that is none for who trusts the file.</summary>
    /// <param name="what">What was found, with the values seen; a sentence.</param>
    /// <param name="limit">The name of the limit, a property of <see cref="ParquetReadLimits"/>.</param>
    /// <param name="offset">The byte of the file, where that is known.</param>
    internal static ParquetFormatException AboveLimit(string what, string limit, long? offset = null) =>
        new(what, $"The file is damaged or made to do harm; if it is trusted, raise {limit} of the ParquetReadLimits.") { Offset = offset, IsAboveLimit = true };

    /// <summary>The same fault, with its place in a file; what it knows already stays.</summary>
    internal ParquetFormatException In(string fileName, int? rowGroup = null, string? column = null, int? page = null, long? offset = null)
    {
        if (FileName is not null)
        {
            return this;
        }

        rowGroup = RowGroup ?? rowGroup;
        column = Column ?? column;
        var place = new StringBuilder($"'{fileName}'");
        if (rowGroup is not null)
        {
            place.Append(CultureInfo.InvariantCulture, $", row group {rowGroup}");
        }

        if (column is not null)
        {
            place.Append(CultureInfo.InvariantCulture, $", column {Quote(column)}");
        }

        if (page is not null)
        {
            place.Append(CultureInfo.InvariantCulture, $", page {page} at byte {offset:N0}");
        }

        return new ParquetFormatException(this, $"{place}: {_what}")
        {
            FileName = fileName,
            RowGroup = rowGroup,
            Column = column,
            Page = page,
            Offset = Offset ?? offset,
            IsAboveLimit = IsAboveLimit,
        };
    }
}
