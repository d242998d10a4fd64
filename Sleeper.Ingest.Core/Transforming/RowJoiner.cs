using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>What <see cref="RowTransform"/> is for encoded rows, for rows as objects: those that are read. Takes them in key order.</summary>
internal sealed class RowJoiner
{
    private readonly AgeLimit _filterLimit;
    private readonly AgeLimit _iteratorLimit;
    private readonly int _filterField;
    private readonly int _iteratorField;
    private readonly ValueFold[]? _folds;
    private readonly Schema _given;
    private readonly int[] _sources;
    private readonly int _keyFieldCount;
    private byte[] _key = [];
    private Row? _first;
    private bool _isFolded;

    /// <param name="iterators">What the table asks for.</param>
    /// <param name="table">The table's fields.</param>
    /// <param name="read">The fields of the rows that are added: all keys, and whatever else is needed.</param>
    /// <param name="given">The fields of the rows that are given, all of which are read.</param>
    /// <param name="nowMillis">The moment by which rows are old, in milliseconds since 1970.</param>
    public RowJoiner(TableIterators iterators, Schema table, Schema read, Schema given, long nowMillis)
    {
        _filterField = FieldOf(iterators.Filter);
        _iteratorField = FieldOf(iterators.Iterator);
        _filterLimit = iterators.Filter?.At(nowMillis) ?? default;
        _iteratorLimit = iterators.Iterator?.At(nowMillis) ?? default;
        _folds = iterators.Aggregation is { } aggregation
            ? [.. read.ValueFields.Select(f => new ValueFold(f, aggregation.Operations[table.IndexOf(f.Name) - table.KeyFieldCount]))]
            : null;
        _keyFieldCount = read.KeyFieldCount;
        _given = given;
        _sources = [.. given.AllFields.Select(f => read.IndexOf(f.Name))];

        int FieldOf(AgeOff? ageOff) => ageOff is null ? -1 : read.IndexOf(table.AllFields[ageOff.FieldIndex].Name);
    }

    /// <summary>Takes the next row; gives the one before it if that is complete and kept.</summary>
    /// <param name="row">With the fields that are read.</param>
    /// <param name="key">Its normalised key.</param>
    public Row? Add(Row row, ReadOnlySpan<byte> key)
    {
        if (_filterField >= 0 && !Keeps(_filterLimit, row[_filterField]))
        {
            return null;
        }

        if (_folds is null)
        {
            return Give(row);
        }

        if (_first is not null && key.SequenceEqual(_key))
        {
            Join(row);
            return null;
        }

        var before = End();
        _first = row;
        _isFolded = false;
        _key = key.ToArray();
        return before;
    }

    /// <summary>Gives the last row, if there is one and it is kept.</summary>
    public Row? End()
    {
        if (_first is null)
        {
            return null;
        }

        var first = _first;
        _first = null;
        if (!_isFolded)
        {
            return Give(first);
        }

        return Give(Row.Wrap(first.Schema, [.. first.Values[.._keyFieldCount], .. _folds!.Select(f => f.Value)]));
    }

    private static bool Keeps(AgeLimit limit, FieldValue time) => !time.IsNull && limit.Keeps(time.AsLong());

    private void Join(Row row)
    {
        for (int i = 0; i < _folds!.Length; i++)
        {
            if (!_isFolded)
            {
                _folds[i].Begin(_first![_keyFieldCount + i]);
            }

            _folds[i].Fold(row[_keyFieldCount + i]);
        }

        _isFolded = true;
    }

    private Row? Give(Row row)
    {
        if (_iteratorField >= 0 && !Keeps(_iteratorLimit, row[_iteratorField]))
        {
            return null;
        }

        var values = new FieldValue[_sources.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = row[_sources[i]];
        }

        return Row.Wrap(_given, values);
    }
}
