using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.ObjectStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>Whole ingests in which one operation of the local disk after the other goes wrong, on files of the table and on spill files alike.</summary>
public sealed class DiskFaultTests
{
    private static readonly string[] Readings = ["open", "read", "facts", "list", "spill-read", "spill-list"];

    [Theory]
    [InlineData("one leaf")]
    [InlineData("spilled")]
    [InlineData("from files")]
    public async Task An_operation_that_fails_once_is_survived_or_leaves_nothing(string name)
    {
        var ingest = CanonicalIngest.Get(name);
        using var prepared = await FaultPlace.CreateAsync(ingest);
        var operations = await CountAsync(prepared);
        Assert.InRange(operations.Count, 60, 1000);
        var ends = new HashSet<Told>();
        foreach (int at in ingest == CanonicalIngest.OneLeaf ? FaultPoints.All(operations.Count) : FaultPoints.Some(operations))
        {
            foreach (bool isAfter in (bool[])[false, true])
            {
                // A reading has no effect, so it fails before it.
                if (!isAfter || !Readings.Contains(operations[at - 1].Kind))
                {
                    using var faults = new OperationFaults { At = at, IsAfter = isAfter };
                    ends.Add(await FailAsync(prepared, faults, operations.Count));
                }
            }
        }

        Assert.Superset(new HashSet<Told> { Told.Committed, Told.Failed }, ends);
    }

    [Fact]
    public async Task A_disk_that_breaks_for_good_leaves_a_table_that_tells_the_truth_when_it_is_mended()
    {
        using var prepared = await FaultPlace.CreateAsync(CanonicalIngest.OneLeaf);
        int count = (await CountAsync(prepared)).Count;
        for (int at = 1; at <= count; at += 2)
        {
            using var faults = new OperationFaults { At = at, IsAfter = at % 4 == 1, IsForGood = true };
            await FailAsync(prepared, faults, count);
        }
    }

    private static async Task<Told> FailAsync(FaultPlace prepared, OperationFaults faults, int counted)
    {
        using var place = prepared.Copy();
        var end = await TellAsync(place, faults);
        string struck = faults.At <= faults.Operations.Count ? $"{faults.Operations[faults.At - 1]}" : "";
        string context = $"operation {faults.At} of {counted}, {(faults.IsAfter ? "after" : "before")}, {struck}, told {end.Told}: {end.Error}";

        // Threads that run beside one another may share their work out in fewer operations than in the run that was counted.
        Assert.True(faults.HasStruck || faults.At > counted / 2, context);
        faults.IsHealed = true;

        // A file that was made in spite of the error, and one that could not be removed, are for whoever clears up later.
        bool isOfRemoval = faults.IsForGood || struck.Contains("delete", StringComparison.Ordinal);
        bool isOfMaking = faults.IsAfter && (struck.Contains("(create,", StringComparison.Ordinal) || struck.Contains("(spill-", StringComparison.Ordinal));
        Assert.True(isOfRemoval || isOfMaking || !Directory.EnumerateFileSystemEntries(place.SpillFolder).Any(), $"{context}: spill files were left.");
        await place.AssertTruthAsync(
            end.Told,
            context,
            mayLeaveIntent: isOfRemoval || struck.Contains("/ingests", StringComparison.Ordinal),
            mayLeaveFiles: isOfRemoval,
            mayLeaveUnfinished: isOfRemoval || isOfMaking);
        return end.Told;
    }

    private static async Task<IReadOnlyList<(string Kind, string Path)>> CountAsync(FaultPlace prepared)
    {
        using var place = prepared.Copy();
        using var faults = new OperationFaults();
        Assert.Equal(Told.Committed, (await TellAsync(place, faults)).Told);
        return faults.Operations;
    }

    private static Task<FaultEnd> TellAsync(FaultPlace place, OperationFaults faults) =>
        place.TellAsync(new LocalObjectStore(place.Root, null, new FaultyFileSystem(faults.Before, faults.After)), new FaultySpillFiles { Faults = faults });
}
