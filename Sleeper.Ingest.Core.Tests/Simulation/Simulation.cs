using Sleeper.Ingest.Core.Committing;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>
/// One table in a simulated bucket, with writers, a maintainer, a reader, a splitter and one who asks, under the faults that the seed switches on; then a
/// quiet time in which everything must come to its end; then the check.
/// </summary>
internal sealed class Simulation
{
    /// <summary>No maintenance of a simulation lets the ledger forget sooner.</summary>
    public static readonly TimeSpan LeastLedgerTime = TimeSpan.FromDays(1);

    private const string Name = TableFixture.Name;
    private readonly SimulationLoop _loop;
    private readonly SimulatedBucket _bucket;
    private readonly Faults _faults;
    private readonly PlantedBug _bug;
    private readonly List<Told> _told = [];
    private readonly List<(string IngestId, DateTimeOffset Asked, long KnownFrom)> _noes = [];
    private readonly TablePaths _paths = new(Name);
    private int _actors;

    private Simulation(int seed, PlantedBug bug, Action<string>? onTrace)
    {
        _loop = new SimulationLoop(seed) { OnTrace = onTrace };
        _bucket = new SimulatedBucket(_loop);
        _faults = new Faults(_loop.Random);
        _bug = bug;
    }

    public long[] FaultCounts => _faults.Counts;

    public ulong TraceHash => _loop.TraceHash;

    /// <summary>Runs one seed.</summary>
    /// <exception cref="SimulationFailure">A promise was broken; the message has the seed and the last events.</exception>
    public static Simulation Run(int seed, PlantedBug bug = PlantedBug.None, Action<string>? onTrace = null)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        var simulation = new Simulation(seed, bug, onTrace);
        try
        {
            var all = simulation.RunAsync();
            simulation._loop.Run(all);
            all.GetAwaiter().GetResult();
            return simulation;
        }
        catch (Exception e)
        {
            throw new SimulationFailure($"Seed {seed}, bug {bug}: {e.Message}\n{string.Join('\n', simulation._loop.Recent)}\n{e}", e);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private async Task RunAsync()
    {
        _faults.IsQuiet = true;
        (await OwnTable.CreateOrOpenAsync(Client("creator"), Name, TableFixture.TableSchema, TableFixture.Tree("m"), Options(0)).ConfigureAwait(false)).Dispose();
        _faults.IsQuiet = false;
        int writers = _loop.Random.Next(2, 5);
        int batches = _loop.Random.Next(1, 5);
        bool shared = _loop.Random.Next(3) == 0;
        var actors = new List<Task>();
        for (int w = 0; w < writers; w++)
        {
            string who = $"writer{w}";
            string id = shared ? "shared" : who;
            actors.Add(WriteAllAsync(who, [.. Enumerable.Range(0, batches).Select(b => $"{id}-{b}")]));
        }

        actors.Add(MaintainAsync());
        actors.Add(ReadAsync());
        actors.Add(AskAsync([.. Enumerable.Range(0, batches).Select(b => $"{(shared ? "shared" : "writer0")}-{b}")]));
        if (_loop.Random.Next(2) == 0)
        {
            actors.Add(SplitAsync());
        }

        await Task.WhenAll(actors).ConfigureAwait(false);
        _faults.IsQuiet = true;
        await EndAsync().ConfigureAwait(false);
        new SimulationCheck(_bucket, _paths, _told, _noes).Check();
    }

    /// <summary>The quiet time: what is open comes to its end, and what is left over goes.</summary>
    private async Task EndAsync()
    {
        await _loop.DelayAsync(TimeSpan.FromMinutes(2)).ConfigureAwait(false);
        foreach (string id in _told.Select(t => t.IngestId).Distinct().ToList())
        {
            // Liveness: without faults, one try is enough.
            if (!await TryIngestAsync("finisher", id, new Actor(this, "finisher")).ConfigureAwait(false))
            {
                throw new SimulationFailure($"Without faults the ingest '{id}' did not commit.");
            }
        }

        using var table = await OpenAsync(new Actor(this, "sweeper")).ConfigureAwait(false);
        for (int i = 0; i < 2; i++)
        {
            await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, KeepLedger = TimeSpan.FromDays(1000) }).ConfigureAwait(false);
        }
    }

    private async Task WriteAllAsync(string who, string[] ids)
    {
        foreach (string id in ids)
        {
            for (int tries = 0; tries < 4; tries++)
            {
                var actor = new Actor(this, who);
                var ingest = TryIngestAsync(who, id, actor);
                if (_faults.Happens(FaultKind.Crash, 6))
                {
                    // Dead at some moment of the ingest, or just after it.
                    await _loop.DelayAsync(TimeSpan.FromMilliseconds(_loop.Random.Next(1, 500))).ConfigureAwait(false);
                    actor.Client.IsDead = true;
                    _loop.Trace($"{who}: dead");
                    continue;
                }

                if (await ingest.ConfigureAwait(false))
                {
                    break;
                }

                await _loop.DelayAsync(_loop.Jitter()).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One attempt. True if the id is committed.</summary>
    private async Task<bool> TryIngestAsync(string who, string id, Actor actor)
    {
        Told? told = null;
        var cancel = new CancellationTokenSource(); // never disposed: it may be cancelled long after the attempt
        try
        {
            using var table = await OpenAsync(actor).ConfigureAwait(false);
            var tree = await table.StateStore.LoadPartitionsAsync().ConfigureAwait(false);
            var attempt = await table.StateStore.BeginAttemptAsync(id).ConfigureAwait(false);
            if (attempt.Committed is { } earlier)
            {
                RequireEarlier(id, earlier.TransactionNumber);
                return true;
            }

            told = new Told(id, attempt.AttemptId, _loop.Now, $"rows of {id}");
            _told.Add(told);
            if (_faults.Happens(FaultKind.Cancel, 8))
            {
                _loop.At(TimeSpan.FromMilliseconds(_loop.Random.Next(1, 400)), cancel.Cancel);
            }

            var (files, objects) = await WriteFilesAsync(actor, table, tree, attempt, told, cancel.Token).ConfigureAwait(false);
            if (_loop.Random.Next(4) == 0)
            {
                await table.StateStore.KeepAliveAsync(attempt, cancel.Token).ConfigureAwait(false);
            }

            var committer = new FileCommitter(table.StateStore, table.Store);
            var commit = new IngestCommit(files, files.Sum(f => f.References.Sum(r => r.RowCount)), tree.LogNumber);
            try
            {
                var outcome = await committer.CommitAsync(attempt, commit, objects, null, cancel.Token).ConfigureAwait(false);
                (told.Kind, told.Number) = outcome.End == CommitEnd.Committed
                    ? (TellKind.Committed, outcome.Result!.TransactionNumber)
                    : (TellKind.Failed, 0);
                _loop.Trace($"{who}: {id} {outcome.End} as {outcome.Result!.TransactionNumber}");
                return true;
            }
            catch (CommitOutcomeUnknownException) when (_bug == PlantedBug.DeletesOnLostReply)
            {
                told.Kind = TellKind.Unknown;

                // Straight at the bucket: a delete that fails in the outage that hid the answer would hide the bug too.
                objects.ForEach(_bucket.Delete);
            }
            catch (CommitOutcomeUnknownException) when (_bug == PlantedBug.SaysFailedForUnknown)
            {
                told.Kind = TellKind.Failed;
            }
        }
        catch (CommitOutcomeUnknownException e)
        {
            told?.Kind = TellKind.Unknown;
            _loop.Trace($"{who}: {id} unknown: {e.Message[..Math.Min(60, e.Message.Length)]}");
        }
        catch (Exception e) when (e is IngestException or IOException or OperationCanceledException)
        {
            if (e is TableDamagedException or UnsupportedTableException)
            {
                throw new SimulationFailure($"{who} found the table damaged.", e);
            }

            if (told is { Kind: TellKind.Nothing })
            {
                told.Kind = TellKind.Failed;
            }

            _loop.Trace($"{who}: {id} failed: {e.Message[..Math.Min(60, e.Message.Length)]}");
        }

        return false;
    }

    private async Task<(List<DataFile> Files, List<string> Objects)> WriteFilesAsync(
        Actor actor, OwnTable table, PartitionTree tree, IngestAttempt attempt, Told told, CancellationToken cancellationToken)
    {
        var files = new List<DataFile>();
        var objects = new List<string>();
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(told.Rows);
        try
        {
            foreach (var leaf in tree.Leaves.Take(2))
            {
                string name = TablePaths.DataFile(leaf.Id, attempt.FileNamePrefix, files.Count);
                foreach (string path in (string[])[_paths.InStore(name), _paths.InStore(Path.ChangeExtension(name, ".sketches"))])
                {
                    objects.Add(path);
                    await PutAsync(actor, path, bytes, cancellationToken).ConfigureAwait(false);
                }

                files.Add(new DataFile(name, bytes.Length, [new FileReference(name, leaf.Id, 5)]));
            }
        }
        catch
        {
            await new FileCommitter(table.StateStore, table.Store).DiscardAsync(attempt, objects).ConfigureAwait(false);
            throw;
        }

        return (files, objects);
    }

    private static async Task PutAsync(Actor actor, string path, byte[] bytes, CancellationToken cancellationToken)
    {
        if (!await actor.Client.PutIfAbsentAsync(path, bytes, cancellationToken).ConfigureAwait(false))
        {
            throw new ObjectExistsException("bucket", path);
        }
    }

    private void RequireEarlier(string id, long number)
    {
        var header = SimulationCheck.Header(_bucket.FirstBytes[_paths.LogEntry(LogKind.Files, number)]);
        if (header.GetProperty("ingest").GetString() != id)
        {
            throw new SimulationFailure($"'{id}' is said to be committed by entry {number}, which is of another ingest.");
        }
    }

    private async Task MaintainAsync()
    {
        for (int i = 0; i < 4; i++)
        {
            await _loop.DelayAsync(_loop.Random.Next(3) == 0 ? TimeSpan.FromHours(_loop.Random.Next(1, 60)) : TimeSpan.FromMilliseconds(_loop.Random.Next(1, 2_000))).ConfigureAwait(false);
            var actor = new Actor(this, "maintainer");
            if (_faults.Happens(FaultKind.Crash, 4))
            {
                _loop.At(TimeSpan.FromMilliseconds(_loop.Random.Next(1, 1_000)), () => actor.Client.IsDead = true);
                _ = MaintainOnceAsync(actor);
                continue;
            }

            await MaintainOnceAsync(actor).ConfigureAwait(false);
        }
    }

    private async Task MaintainOnceAsync(Actor actor)
    {
        try
        {
            using var table = await OpenAsync(actor).ConfigureAwait(false);
            var options = new MaintenanceOptions
            {
                DryRun = _loop.Random.Next(5) == 0,
                Grace = _loop.Random.Next(2) == 0 ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(1),
                KeepLedger = _loop.Random.Next(2) == 0 ? LeastLedgerTime : TimeSpan.FromDays(90),
            };
            await PlantedMaintenance.BeforeAsync(_bug, table, _bucket, _paths).ConfigureAwait(false);
            var report = await table.MaintainAsync(options).ConfigureAwait(false);
            _loop.Trace($"maintainer: {report.Done.Count} done, {report.Left.Count} left");
        }
        catch (Exception e) when (e is IOException or (IngestException and not (TableDamagedException or UnsupportedTableException)))
        {
            _loop.Trace($"maintainer: {e.Message[..Math.Min(60, e.Message.Length)]}");
        }
    }

    private async Task ReadAsync()
    {
        long last = 0;
        var actor = new Actor(this, "reader");
        OwnTable? table = null;
        for (int i = 0; i < 6; i++)
        {
            await _loop.DelayAsync(_loop.Random.Next(4) == 0 ? TimeSpan.FromHours(_loop.Random.Next(1, 30)) : TimeSpan.FromMilliseconds(_loop.Random.Next(1, 1_500))).ConfigureAwait(false);
            try
            {
                table ??= await OpenAsync(actor).ConfigureAwait(false);
                var planned = _bug == PlantedBug.ReadsPartitionsFirst ? await table.StateStore.LoadPartitionsAsync().ConfigureAwait(false) : null;
                var state = await table.StateStore.LoadStateAsync().ConfigureAwait(false);
                RequireWhole(state, planned ?? state.Partitions, last);
                last = state.TransactionNumber;
            }
            catch (Exception e) when (e is IOException or (IngestException and not (TableDamagedException or UnsupportedTableException)))
            {
                _loop.Trace($"reader: {e.Message[..Math.Min(60, e.Message.Length)]}");
            }
        }

        table?.Dispose();
    }

    /// <summary>All files of each commit up to the state's number, none of a later one, and a partition for each.</summary>
    private void RequireWhole(TableState state, PartitionTree tree, long last)
    {
        if (state.TransactionNumber < last)
        {
            throw new SimulationFailure($"A reader saw entry {last} and later only entry {state.TransactionNumber}.");
        }

        var expected = new HashSet<string>(StringComparer.Ordinal);
        for (long number = 1; number <= state.TransactionNumber; number++)
        {
            expected.UnionWith(SimulationCheck.FilesOf(_bucket.FirstBytes[_paths.LogEntry(LogKind.Files, number)]));
        }

        if (!expected.SetEquals(state.References.Select(r => r.FileName)))
        {
            throw new SimulationFailure($"A reader at entry {state.TransactionNumber} saw {state.References.Count} files where the log has {expected.Count}.");
        }

        if (state.References.FirstOrDefault(r => !tree.Contains(r.PartitionId)) is { } lost)
        {
            throw new SimulationFailure($"A reader has no partition '{lost.PartitionId}' for the file '{lost.FileName}'.");
        }
    }

    private async Task AskAsync(string[] ids)
    {
        foreach (string id in ids)
        {
            await _loop.DelayAsync(TimeSpan.FromMilliseconds(_loop.Random.Next(1, 2_500))).ConfigureAwait(false);
            var asked = _loop.Now;
            try
            {
                using var table = await OpenAsync(new Actor(this, "asker")).ConfigureAwait(false);
                asked = _loop.Now;
                var answer = await table.StateStore.ResolveAsync(id).ConfigureAwait(false);
                if (answer.Committed is { } committed)
                {
                    RequireEarlier(id, committed.TransactionNumber);
                }
                else
                {
                    _noes.Add((id, asked, answer.KnownFrom));
                }
            }
            catch (Exception e) when (e is IOException or (IngestException and not (TableDamagedException or UnsupportedTableException)))
            {
                _loop.Trace($"asker: {e.Message[..Math.Min(60, e.Message.Length)]}");
            }
        }
    }

    /// <summary>Splits leaves, as a program of its own does it: by a transaction in the partitions log.</summary>
    private async Task SplitAsync()
    {
        string[] points = ["f", "t", "c"];
        for (int i = 0; i < points.Length; i++)
        {
            await _loop.DelayAsync(TimeSpan.FromMilliseconds(_loop.Random.Next(1, 1_500))).ConfigureAwait(false);
            try
            {
                var actor = new Actor(this, "splitter");
                using var table = await OpenAsync(actor).ConfigureAwait(false);
                var tree = await table.StateStore.LoadPartitionsAsync().ConfigureAwait(false);
                var leaf = tree.LeafOf([points[i]], KeyOrder.Bytes);
                var log = new ObjectStoreTransactionLog(actor.Client, _paths, table.TableId, LogKind.Partitions);
                await TableFixture.SplitAsync(log, table.TableId, tree, leaf.Id, points[i], $"l{i}", $"r{i}").ConfigureAwait(false);
            }
            catch (IOException)
            {
                return; // Its put may land later: another one at the same number would be refused.
            }
        }
    }

    private Task<OwnTable> OpenAsync(Actor actor) => OwnTable.OpenAsync(actor.Client, Name, actor.Options);

    private BucketClient Client(string actor) => PlantedBugs.Client(_bug, _bucket, _faults, actor);

    private StateStoreOptions Options(int actor, TimeSpan skew = default)
    {
        var random = new Random(_loop.Random.Next() ^ actor);
        return new StateStoreOptions
        {
            Random = bytes => PlantedBugs.Fill(_bug, random, bytes),
            Time = new SimulatedClock(_loop, skew),
            Writer = $"actor {actor}",
            SnapshotInterval = 3,

            // The impatient are left not knowing, which a patient writer hardly ever is.
            CommitTimeLimit = !_faults.IsQuiet && _loop.Random.Next(2) == 0 ? TimeSpan.FromSeconds(10) : TimeSpan.FromMinutes(5),
        };
    }

    /// <summary>A process: it has a connection, a clock and chance of its own.</summary>
    private sealed class Actor
    {
        public Actor(Simulation simulation, string name)
        {
            Client = simulation.Client(name);
            var skew = simulation._faults.Happens(FaultKind.ClockSkew, 2) ? TimeSpan.FromHours(simulation._loop.Random.Next(-48, 49)) : TimeSpan.Zero;
            Options = simulation.Options(++simulation._actors, skew);
        }

        public BucketClient Client { get; }

        public StateStoreOptions Options { get; }
    }
}
