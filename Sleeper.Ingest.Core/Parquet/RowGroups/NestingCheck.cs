using System.Numerics;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Holds the two levels of a column of lists against one another, entry by entry, in order.</summary>
/// <remarks>
/// A repetition level above 0 says that the entry goes on with a list, which then has an element here and one before: both entries' definition levels reach that list's. Levels that
/// break this name no rows; whoever reads them goes wrong in a way of its own.
/// </remarks>
internal sealed class NestingCheck
{
    /// <summary>By repetition level: the least definition level of an element of that list.</summary>
    private readonly byte[] _elementLevels;
    private byte _last;

    public NestingCheck(LeafColumn column)
    {
        _elementLevels = new byte[column.MaxRepetitionLevel + 1];
        for (SchemaNode? node = column.Node; node is not null; node = node.Parent)
        {
            if (node.Repetition == Repetition.Repeated)
            {
                _elementLevels[node.MaxRepetitionLevel] = checked((byte)node.MaxDefinitionLevel);
            }
        }
    }

    /// <summary>Checks the next entries.</summary>
    /// <exception cref="ParquetFormatException">They do not fit.</exception>
    public void Check(ReadOnlySpan<byte> repetition, ReadOnlySpan<byte> definition)
    {
        if (repetition.Length == 0)
        {
            return;
        }

        CheckPair(repetition[0], _last, definition[0]);
        int at = 1;
        if (_elementLevels.Length == 2)
        {
            // Lists that are not in lists: one comparison for many entries.
            var elementLevel = new Vector<byte>(_elementLevels[1]);
            for (; at <= repetition.Length - Vector<byte>.Count; at += Vector<byte>.Count)
            {
                Vector<byte> least = Vector.Min(new Vector<byte>(definition[at..]), new Vector<byte>(definition[(at - 1)..]));
                if (Vector.AndNot(Vector.LessThan(least, elementLevel), Vector.Equals(new Vector<byte>(repetition[at..]), Vector<byte>.Zero)) != Vector<byte>.Zero)
                {
                    break;
                }
            }
        }

        for (; at < repetition.Length; at++)
        {
            CheckPair(repetition[at], definition[at - 1], definition[at]);
        }

        _last = definition[^1];
    }

    private void CheckPair(byte repetition, byte definitionBefore, byte definition)
    {
        if (repetition > 0 && Math.Min(definitionBefore, definition) < _elementLevels[repetition])
        {
            throw new ParquetFormatException(
                $"An entry with the repetition level {repetition} goes on with a list, whose elements have a definition level of {_elementLevels[repetition]} at the least; "
                + $"the entry's is {definition}, and that of the entry before is {definitionBefore}.");
        }
    }
}
