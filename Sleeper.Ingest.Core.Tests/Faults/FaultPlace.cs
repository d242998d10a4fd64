using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>A store in which a <see cref="CanonicalIngest"/> goes wrong, and the questions that are asked of it afterwards.</summary>
internal sealed class FaultPlace : IDisposable
{
    private readonly TemporaryFolder? _root;
    private readonly TemporaryFolder _spill = new();
    private readonly CanonicalIngest _ingest;
    private List<string> _before = [];

    private FaultPlace(CanonicalIngest ingest, IObjectStore store)
    {
        _ingest = ingest;
        Store = store;
    }

    private FaultPlace(CanonicalIngest ingest, bool isInMemory)
    {
        _ingest = ingest;
        _root = isInMemory ? null : new TemporaryFolder();
        Store = _root is null ? new InMemoryObjectStore() : new LocalObjectStore(_root.Path, new LocalObjectStoreOptions { Durable = false });
    }

    /// <summary>The store without faults.</summary>
    public IObjectStore Store { get; }

    /// <summary>The folder of the store, if it is not in memory.</summary>
    public string Root => _root!.Path;

    public string SpillFolder => _spill.Path;

    public static Task<FaultPlace> CreateAsync(CanonicalIngest ingest, bool isInMemory = false) => PrepareAsync(new FaultPlace(ingest, isInMemory));

    /// <summary>A place in a store of the caller's.</summary>
    public static Task<FaultPlace> CreateAsync(CanonicalIngest ingest, IObjectStore store) => PrepareAsync(new FaultPlace(ingest, store));

    private static async Task<FaultPlace> PrepareAsync(FaultPlace place)
    {
        await place._ingest.PrepareAsync(place.Store, place.SpillFolder);
        place._before = await SmallIngest.StrayObjectsAsync(place.Store);
        return place;
    }

    /// <summary>A place of its own on disk that holds what this one holds.</summary>
    public FaultPlace Copy()
    {
        var copy = new FaultPlace(_ingest, isInMemory: false) { _before = _before };
        foreach (string file in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy.Root, Path.GetRelativePath(Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }

    public void Dispose()
    {
        _root?.Dispose();
        _spill.Dispose();
    }

    /// <summary>Runs the ingest on a store with faults and notes what its caller is told.</summary>
    public async Task<FaultEnd> TellAsync(
        IObjectStore faulty, ISpillFileSystem? spillFiles = null, TimeProvider? clock = null, CancellationToken cancellationToken = default)
    {
        try
        {
            var result = await _ingest.RunAsync(faulty, SpillFolder, spillFiles, clock, cancellationToken: cancellationToken);
            Assert.Equal(_ingest.RowCount, result.RowCount);
            Assert.Equal(_ingest == CanonicalIngest.Spilled, result.SpilledBytes > 0);
            return new FaultEnd(Told.Committed, null);
        }
        catch (CommitOutcomeUnknownException error)
        {
            return new FaultEnd(Told.Unknown, error);
        }
        catch (Exception error) when (error is IngestException or OperationCanceledException or IOException)
        {
            return new FaultEnd(Told.Failed, error);
        }
    }

    /// <summary>Objects of the table that nothing refers to, without those that were there before the ingest.</summary>
    public async Task<List<string>> StraysAsync() => (await SmallIngest.StrayObjectsAsync(Store)).Except(_before).ToList();

    /// <summary>
    /// The table shows what the caller was told; an unknown end can be resolved, for ever; the ingest runs again under its id, and is there once; and
    /// maintenance leaves nothing else. The checker looks at the table at the end, and before the second run if that may change something.
    /// </summary>
    /// <param name="told">What the caller was told.</param>
    /// <param name="context">For messages.</param>
    /// <param name="mayLeaveIntent">True if an intent may be left by a caller who knows the end.</param>
    /// <param name="mayLeaveFiles">True if data may be left by one.</param>
    /// <param name="mayLeaveUnfinished">True if files may be left that no object has become.</param>
    public async Task AssertTruthAsync(Told told, string context, bool mayLeaveIntent, bool mayLeaveFiles = false, bool mayLeaveUnfinished = false)
    {
        var strays = await StraysAsync();
        if (told != Told.Unknown)
        {
            Assert.True(mayLeaveFiles || !strays.Exists(path => path.Contains("/data/", StringComparison.Ordinal)), $"{context}: left {string.Join(", ", strays)}");
            Assert.True(mayLeaveIntent || strays.Count == 0, $"{context}: left {string.Join(", ", strays)}");
        }

        await DeadIngest.AssertOwnersAsync(Store, context);
        if (told != Told.Committed && await SmallIngest.HasPartitionsAsync(Store))
        {
            bool isTidy = strays.Count == 0 && _before.Count == 0 && told != Told.Unknown && !mayLeaveFiles && !mayLeaveUnfinished;
            await AssertSoundAsync(_ingest.Expect(told, isRunning: !isTidy), $"{context}: as it was found");
        }

        if (told == Told.Unknown)
        {
            told = await SmallIngest.ResolveAsync(Store) ? Told.Committed : Told.Failed;
            await AssertSoundAsync(_ingest.Expect(told, isRunning: true), $"{context}: when it was resolved");
        }

        var outcome = (await _ingest.RunAsync(Store, SpillFolder, isAgain: true)).Outcome;
        Assert.True(outcome == (told == Told.Committed ? IngestOutcome.AlreadyCommitted : IngestOutcome.Committed), $"{context}: the retry was {outcome}.");
        Assert.True((await SmallIngest.CopiesAsync(Store, _ingest.RowCount)).GetValueOrDefault(CanonicalIngest.Id) == 1, $"{context}: after the retry there is not one copy.");
        var table = await Table.OpenAsync(Store, "default");
        var report = await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, SpillFolder = SpillFolder });
        Assert.True(report.Left.Count == 0, $"{context}: the maintenance left {string.Join(", ", report.Left)}");
        string[] spilled = Directory.GetFileSystemEntries(SpillFolder);
        Assert.True(spilled.Length == 0, $"{context}: the maintenance left {string.Join(", ", spilled)}");
        await AssertSoundAsync(_ingest.Expect(Told.Committed, isAgain: told == Told.Failed), context);
    }

    public Task AssertSoundAsync(ExpectedTable expected, string context) => _root is null
        ? TableChecker.AssertSoundAsync(Store, "default", expected, context)
        : TableChecker.AssertSoundAsync(Path.Combine(Root, "default"), expected, context);
}
