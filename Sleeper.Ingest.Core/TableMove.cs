using Sleeper.Ingest.Core.Committing;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core;

/// <summary>Copies an own table, as it is at one moment, into a deployed instance as a new table.</summary>
/// <remarks>
/// <para>Partitions keep their ids, files keep their bytes and get new names: one <c>INITIALISE_PARTITIONS</c> and one <c>ADD_FILES</c>. Nothing of the history comes along.</para>
/// <para>An own table is split and placed in the order of bytes, a live one in Java's. Split points on which the two disagree, by themselves or for a row of the table, are
/// left out (<see cref="MovedPartitions"/>), and rows of leaves that are other ones then are ingested again, by a second commit. So are rows of files that the
/// instance's programs could not read.</para>
/// <para>Both commits have ids made of the table's place and its last commit, and the new table's properties say whence it came: a move that broke off is made to its end by
/// being made again.</para>
/// </remarks>
internal sealed class TableMove
{
    /// <summary>A property of the new table: which table it is a copy of.</summary>
    public const string OriginProperty = "sleeper.ingest.core.moved.from";

    private const int CopyBytes = 1 << 20;

    private static readonly HashSet<CompressionCodec> KnownToAll = [CompressionCodec.Zstd, CompressionCodec.Snappy, CompressionCodec.Gzip, CompressionCodec.Uncompressed];

    private readonly OpenTable _source;
    private readonly TableState _state;
    private readonly SleeperInstance _instance;
    private readonly string _name;
    private readonly StateStoreOptions _options;
    private readonly string _origin;

    private TableMove(OpenTable source, TableState state, SleeperInstance instance, string name, StateStoreOptions options)
    {
        _source = source;
        _state = state;
        _instance = instance;
        _name = name;
        _options = options;
        _origin = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{source.Store.Name}/{source.Name} at {state.TransactionNumber}");
    }

    /// <summary>Copies a table; returns the new one.</summary>
    /// <exception cref="TableExistsException">The instance has another table of that name.</exception>
    public static async Task<OpenTable> RunAsync(
        OpenTable source, SleeperInstance instance, string name, StateStoreOptions options, CancellationToken cancellationToken)
    {
        var state = await source.StateStore.LoadStateAsync(cancellationToken).ConfigureAwait(false);
        return await new TableMove(source, state, instance, name, options).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<OpenTable> RunAsync(CancellationToken cancellationToken)
    {
        var target = await FindOrMakeAsync(cancellationToken).ConfigureAwait(false);
        var table = target.ToOpenTable();
        var tree = await target.StateStore.LoadPartitionsAsync(cancellationToken).ConfigureAwait(false);
        var (moved, rest) = await SortOutAsync(table, tree, cancellationToken).ConfigureAwait(false);
        await MoveFilesAsync(table, tree, moved, cancellationToken).ConfigureAwait(false);
        await IngestAgainAsync(rest, cancellationToken).ConfigureAwait(false);
        return table;
    }

    private async Task<LiveTable> FindOrMakeAsync(CancellationToken cancellationToken)
    {
        var properties = _source.Properties.Where(p => p.Key.StartsWith("sleeper.table.", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        properties[OriginProperty] = _origin;
        var tree = MovedPartitions.For(_source.Schema, _state.Partitions, await DoubtfulKeysAsync(cancellationToken).ConfigureAwait(false), SystemRandom.Uuid);
        try
        {
            return await _instance.CreateTableAsync(_name, _source.Schema, tree, properties, _options, cancellationToken).ConfigureAwait(false);
        }
        catch (TableExistsException)
        {
            var found = await _instance.OpenTableAsync(_name, _options, warned: null, cancellationToken).ConfigureAwait(false);
            if (found.Properties.All.GetValueOrDefault(OriginProperty) == _origin)
            {
                return found;
            }

            throw;
        }
    }

    /// <summary>The row keys of the table whose place can differ between the orders.</summary>
    private async Task<List<FieldValue[]>> DoubtfulKeysAsync(CancellationToken cancellationToken)
    {
        var keys = new List<FieldValue[]>();
        if (!MovedPartitions.CanDisagree(_source.Schema, _state.Partitions))
        {
            return keys;
        }

        int count = _source.Schema.RowKeyFields.Count;
        var context = Context() with { Projection = FieldProjection.Of(_source.Schema, [.. _source.Schema.RowKeyFields.Select(f => f.Name)]) };
        await foreach (var row in new TableReader(context).ReadAsync(_state, KeyFilter.Everything, cancellationToken).ConfigureAwait(false))
        {
            var key = row.Values[..count].ToArray();
            if (MovedPartitions.IsDoubtful(_state.Partitions, key))
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    /// <summary>References that go along as they are, and those whose rows are ingested again.</summary>
    private async Task<(List<FileReference> Moved, List<FileReference> Again)> SortOutAsync(OpenTable target, PartitionTree tree, CancellationToken cancellationToken)
    {
        bool sameOrder = target.Order == _source.Order || _source.Schema.AllFields.Take(_source.Schema.KeyFieldCount)
            .All(f => f.Type.Kind is FieldTypeKind.Int or FieldTypeKind.Long);
        var regions = tree.Leaves.ToDictionary(l => l.Region);
        var readable = new Dictionary<string, bool>(StringComparer.Ordinal);
        var moved = new List<FileReference>();
        var rest = new List<FileReference>();
        foreach (var reference in _state.References)
        {
            bool goes = sameOrder && regions.TryGetValue(_state.Partitions[reference.PartitionId].Region, out _);
            if (goes && !readable.TryGetValue(reference.FileName, out goes))
            {
                goes = await IsReadableAsync(reference.FileName, cancellationToken).ConfigureAwait(false);
                readable[reference.FileName] = goes;
            }

            (goes ? moved : rest).Add(reference);
        }

        return ([.. moved.Select(r => r with { PartitionId = regions[_state.Partitions[r.PartitionId].Region].Id })], rest);
    }

    /// <summary>Whether all of Sleeper's readers can read a file: its codec, and no encoding that some of them lack.</summary>
    private async Task<bool> IsReadableAsync(string fileName, CancellationToken cancellationToken)
    {
        var source = await ObjectFileReader.OpenAsync(_source.Store, _source.PathInStore(fileName), cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            using var file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, cancellationToken).ConfigureAwait(false);
            return file.Metadata.RowGroups.SelectMany(g => g.Columns).All(
                c => c.Metadata is { } column && KnownToAll.Contains(column.Codec) && !column.Encodings.Contains(ParquetEncoding.ByteStreamSplit));
        }
    }

    private async Task MoveFilesAsync(OpenTable target, PartitionTree tree, List<FileReference> moved, CancellationToken cancellationToken)
    {
        if (moved.Count == 0)
        {
            return;
        }

        var attempt = await target.StateStore.BeginAttemptAsync("move of " + _origin, cancellationToken).ConfigureAwait(false);
        if (attempt.Committed is not null)
        {
            return;
        }

        var committer = new FileCommitter(target.StateStore, target.Store);
        var objects = new List<string>();
        var files = new List<DataFile>();
        try
        {
            foreach (var references in moved.GroupBy(r => r.FileName, StringComparer.Ordinal))
            {
                string folder = references.Count() == 1 ? references.First().PartitionId : tree.Root.Id;
                string name = target.NameDataFile(folder, attempt.FileNamePrefix, files.Count);
                string from = _source.PathInStore(references.Key);
                string to = target.PathInStore(name);
                objects.Add(to);
                objects.Add(DataFileNames.SketchesPath(to));
                long length = await CopyAsync(from, target.Store, to, cancellationToken).ConfigureAwait(false);
                await CopyAsync(DataFileNames.SketchesPath(from), target.Store, DataFileNames.SketchesPath(to), cancellationToken).ConfigureAwait(false);
                files.Add(new DataFile(name, length, [.. references.Select(r => r with { FileName = name })]));
            }
        }
        catch
        {
            await committer.DiscardAsync(attempt, objects).ConfigureAwait(false);
            throw;
        }

        var commit = new IngestCommit(files, moved.Sum(r => r.RowCount), tree.LogNumber);
        await committer.CommitAsync(attempt, commit, objects, barrier: null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<long> CopyAsync(string from, IObjectStore store, string to, CancellationToken cancellationToken)
    {
        var reader = await _source.Store.OpenAsync(from, cancellationToken).ConfigureAwait(false)
            ?? throw new TableDamagedException($"'{from}' in '{_source.Store.Name}'", "The table's state names it, but it is not there.");
        await using (reader.ConfigureAwait(false))
        {
            var writer = await store.CreateAsync(to, cancellationToken).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false))
            {
                byte[] buffer = new byte[Math.Min(CopyBytes, reader.LengthBytes)];
                for (long done = 0; done < reader.LengthBytes;)
                {
                    var piece = buffer.AsMemory(0, (int)Math.Min(buffer.Length, reader.LengthBytes - done));
                    await reader.ReadAsync(done, piece, cancellationToken).ConfigureAwait(false);
                    await writer.AppendAsync(piece, cancellationToken).ConfigureAwait(false);
                    done += piece.Length;
                }

                await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            }

            return reader.LengthBytes;
        }
    }

    private async Task IngestAgainAsync(List<FileReference> references, CancellationToken cancellationToken)
    {
        if (references.Count == 0)
        {
            return;
        }

        var writer = await IngestFactory.Create().UseSleeperInstance(_instance).WithTable(_name).WithIngestId("move of " + _origin + ", again").UseClock(_options.Time).OpenAsync(cancellationToken)
            .ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            if (!writer.IsAlreadyCommitted)
            {
                var rows = new TableReader(Context()).ReadAsync(_state with { References = references }, KeyFilter.Everything, cancellationToken);
                await writer.WriteAsync(rows, cancellationToken).ConfigureAwait(false);
                await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private ReadContext Context() => new(_source.Store, _source.Name, _source.PathInStore, _source.Schema, _source.Order);
}
