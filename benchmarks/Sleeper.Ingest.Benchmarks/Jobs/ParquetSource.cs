using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>A Parquet file whose columns are read into encoded rows, as an ingest reads them.</summary>
internal sealed class ParquetSource : IAsyncDisposable
{
    // As an ingest with 64 MiB or more for each worker has them.
    private const int BatchBytes = 512 * 1024;
    private const int BatchRows = BatchBytes / 32;
    private const int StretchRows = 4096;

    private readonly ObjectFileReader _object;
    private readonly ParquetFileReader _file;
    private readonly FileSchemaMatch _match;

    private ParquetSource(ObjectFileReader file, ParquetFileReader reader, Schema schema)
    {
        _object = file;
        _file = reader;
        _match = FileSchemaMatch.Make(schema, reader.Schema);
        Schema = schema;
    }

    /// <summary>The first chosen column of one value a row is the row key, the others are value fields.</summary>
    public Schema Schema { get; }

    public long LengthBytes => _object.Length;

    public long RowCount => _file.Metadata.NumRows;

    /// <summary>Opens a file for some of its columns; all if none are named.</summary>
    public static async Task<ParquetSource> OpenAsync(string path, IReadOnlyList<string> columns)
    {
        var file = await ObjectFileReader.OpenLocalAsync(path, CancellationToken.None);
        var reader = await ParquetFileReader.OpenAsync(file, ParquetReaderLimits.Default, CancellationToken.None);
        return new ParquetSource(file, reader, MakeSchema(reader, columns, path));
    }

    /// <summary>Opens a file for the fields of a schema.</summary>
    public static async Task<ParquetSource> OpenAsync(string path, Schema schema)
    {
        var file = await ObjectFileReader.OpenLocalAsync(path, CancellationToken.None);
        return new ParquetSource(file, await ParquetFileReader.OpenAsync(file, ParquetReaderLimits.Default, CancellationToken.None), schema);
    }

    /// <summary>Reads all row groups, each by one of so many threads. What takes a batch of rows belongs to one thread; the batch is used again.</summary>
    public async Task ReadAsync(int threads, Func<Action<RowBatch>> newTaker)
    {
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(async () =>
        {
            var take = newTaker();
            using var encoder = new ParquetRowEncoder(_match, Schema, KeyOrder.Bytes, new RowLimits());
            using var batch = new RowBatch(new MemoryBudget(256 << 20), BatchBytes, BatchRows);
            for (int group = Interlocked.Increment(ref next); group < _file.RowGroupCount; group = Interlocked.Increment(ref next))
            {
                await ReadGroupAsync(group, encoder, batch, take);
            }

            take(batch);
        })));
    }

    public async ValueTask DisposeAsync()
    {
        _file.Dispose();
        await _object.DisposeAsync();
    }

    private static Schema MakeSchema(ParquetFileReader file, IReadOnlyList<string> columns, string path)
    {
        var all = FileSchema.Infer(file.Schema, [file.Schema.Fields.First(node => !node.IsGroup).Name], [], path);
        if (columns.FirstOrDefault(name => all.IndexOf(name) < 0) is { } missing)
        {
            throw new ArgumentException($"There is no column '{missing}' in '{path}'; it has {string.Join(", ", file.Schema.Fields.Select(f => f.Name))}.");
        }

        var chosen = file.Schema.Fields.Select(node => all.AllFields[all.IndexOf(node.Name)])
            .Where(field => columns.Count == 0 || columns.Contains(field.Name)).ToList();
        var key = chosen.Find(field => field.Type.IsPrimitive) ?? throw new ArgumentException("None of the chosen columns has one value a row, so none can be the key.");
        return new Schema([new Field(key.Name, key.Type)], [], chosen.Where(field => field != key));
    }

    private async Task ReadGroupAsync(int group, ParquetRowEncoder encoder, RowBatch batch, Action<RowBatch> take)
    {
        await using var reader = await _file.OpenRowGroupAsync(group, encoder.Columns, CancellationToken.None);
        for (long left = reader.RowCount; left > 0;)
        {
            left -= await encoder.ReadAsync(reader, (int)Math.Min(left, StretchRows), CancellationToken.None);
            while (!encoder.Encode(batch, null, (row, fault) => throw new InvalidDataException($"Row {row} of row group {group}, field '{fault.FieldName}': {fault.Reason}.")))
            {
                take(batch);
                batch.Clear();
            }
        }
    }
}
