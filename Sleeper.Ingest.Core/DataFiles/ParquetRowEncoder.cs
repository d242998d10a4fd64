using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Decodes a stretch of rows of a Parquet file and encodes them into a <see cref="RowBatch"/>.</summary>
/// <remarks>One worker's own; used for one row group after the other.</remarks>
internal sealed class ParquetRowEncoder : IDisposable
{
    private readonly FieldReader[] _fields;
    private readonly int _keyFieldCount;
    private readonly KeyOrder _order;
    private readonly RowLimits _limits;
    private readonly FlatRowEncoder _flat;
    private int _rows;
    private int _next;
    private bool _isFlat;

    public ParquetRowEncoder(FileSchemaMatch match, Schema schema, KeyOrder order, RowLimits limits)
    {
        _fields = [.. match.Fields.Select(f => new FieldReader(f))];
        _keyFieldCount = schema.KeyFieldCount;
        _order = order;
        _limits = limits;
        _flat = new FlatRowEncoder(_fields, _keyFieldCount, order, limits);
        Columns = [.. _fields.SelectMany(f => new[] { f.ColumnIndex, f.EntryColumnIndex }).OfType<int>().Distinct()];
    }

    /// <summary>The leaf columns that are read.</summary>
    public IReadOnlyList<int> Columns { get; }

    /// <summary>True if the stretch that was read last could be encoded column by column, to its end.</summary>
    public bool LastStretchWasFlat => _isFlat;

    /// <summary>The fields in which a map with a repeated key was met so far.</summary>
    public IEnumerable<string> FieldsWithRepeatedMapKeys => _fields.Where(f => f.HasRepeatedMapKeys).Select(f => f.Field.Name);

    /// <summary>Decodes the next rows, at most so many; returns how many.</summary>
    public async ValueTask<int> ReadAsync(RowGroupReader reader, int rows, CancellationToken cancellationToken)
    {
        foreach (var field in _fields)
        {
            field.Restart();
            if (field.Stored is { } values)
            {
                values.Clear();
                Require(await reader.ReadAsync(field.ColumnIndex!.Value, values, rows, cancellationToken).ConfigureAwait(false), rows);
            }

            if (field.StoredEntries is { } entries)
            {
                entries.Clear();
                Require(await reader.ReadAsync(field.EntryColumnIndex!.Value, entries, rows, cancellationToken).ConfigureAwait(false), rows);
            }

            field.Convert();
        }

        _rows = rows;
        _next = 0;
        _isFlat = _flat.Accepts(rows);
        if (!_isFlat)
        {
            SpreadIndexes();
        }

        return rows;
    }

    /// <summary>Encodes decoded rows until all are done or the batch is full. True if all are done.</summary>
    public bool Encode(RowBatch batch, LeafRouter? router, Action<int, RowFault> reject)
    {
        if (!_isFlat)
        {
            return EncodePlainly(batch, router, reject);
        }

        _next += _flat.Encode(batch, router, _next, _rows, reject);
        if (_next < _rows && batch.RowCount == 0)
        {
            // Not even one row fits an empty batch: the plain way lets it grow, or says that the row is too long.
            SkipToNext();
            SpreadIndexes();
            _isFlat = false;
            return EncodePlainly(batch, router, reject);
        }

        return _next == _rows;
    }

    public void Dispose() => _flat.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool EncodePlainly(RowBatch batch, LeafRouter? router, Action<int, RowFault> reject)
    {
        while (_next < _rows)
        {
            if (batch.IsFull)
            {
                return false;
            }

            if ((EncodeRow(batch) ?? EndRow(batch, router)) is { } fault)
            {
                reject(_next, fault);
            }

            _next++;
        }

        return true;
    }

    private static unsafe RowFault? EndRow(RowBatch batch, LeafRouter? router)
    {
        int leaf = router is null ? 0 : router.Route(batch.CurrentKey, batch.CurrentKeyBytes);
        var fault = leaf < 0 ? router!.ExplainRefusal(batch.CurrentKey, batch.CurrentKeyBytes) : null;
        batch.EndRow(leaf);
        return fault;
    }

    private void SpreadIndexes()
    {
        foreach (var field in _fields)
        {
            field.SpreadIndexes();
        }
    }

    private void SkipToNext()
    {
        foreach (var field in _fields)
        {
            field.SkipFlat(_next);
        }
    }

    /// <summary>Every field is walked even after a fault, so that all of them stand at the next row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowFault? EncodeRow(RowBatch batch)
    {
        RowFault? fault = null;
        batch.BeginRow();
        for (int i = 0; i < _fields.Length; i++)
        {
            if (i == _keyFieldCount)
            {
                batch.EndKey();
            }

            string? reason = i < _keyFieldCount ? _fields[i].WriteKey(batch, _order, _limits.MaxKeyFieldBytes) : _fields[i].WriteValue(batch);
            if (reason is not null)
            {
                fault ??= new RowFault(_fields[i].Field.Name, reason);
            }
        }

        if (_fields.Length == _keyFieldCount)
        {
            batch.EndKey();
        }

        return fault ?? RowEncoder.CheckLength(batch, _limits);
    }

    private static void Require(int read, int wanted)
    {
        if (read != wanted)
        {
            throw new ParquetFormatException($"A column ends {wanted - read} rows before its row group does.");
        }
    }
}
