using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

/// <summary>A history of all types of the files log, with the state after each entry as the Java system has it.</summary>
public sealed class FilesStateTests
{
    private readonly FilesState _state = new();

    [Fact]
    public void A_whole_history_gives_the_states_of_the_java_system()
    {
        Apply(1, Add(("F1", [Ref("west", 120, only: true)]), ("F2", [Ref("east", 80, only: true)])));
        Is("F1@1 [west 120 O @1]", "F2@1 [east 80 O @1]");
        Apply(2, Add(("F3", [Ref("west-lo", 10), Ref("west-hi", 20), Ref("east", 30)])));
        Is("F1@1 [west 120 O @1]", "F2@1 [east 80 O @1]", "F3@2 [west-lo 10 @2] [west-hi 20 @2] [east 30 @2]");

        // F3 is known, so the whole entry has no effect: F9 is not added.
        Apply(3, Add(("F3", [Ref("east", 30, only: true)]), ("F9", [Ref("east", 1, only: true)])));
        Is("F1@1 [west 120 O @1]", "F2@1 [east 80 O @1]", "F3@2 [west-lo 10 @2] [west-hi 20 @2] [east 30 @2]");
        Apply(4, new SplitFileReferences([new(
            Ref("west", 120, only: true, file: "F1"), [Ref("west-lo", 60, approximate: true, file: "F1"), Ref("west-hi", 60, approximate: true, file: "F1")])]));
        Is("F1@4 [west-lo 60 A @4] [west-hi 60 A @4]", "F2@1 [east 80 O @1]", "F3@2 [west-lo 10 @2] [west-hi 20 @2] [east 30 @2]");
        Apply(5, new AssignJobIds([new("c1", "east", ["F2", "F3"])]));
        Is("F1@4 [west-lo 60 A @4] [west-hi 60 A @4]", "F2@5 [east 80 O J=c1 @5]", "F3@5 [west-lo 10 @2] [west-hi 20 @2] [east 30 J=c1 @5]");

        // The second job's input is unknown: it is skipped.
        Apply(6, new ReplaceFileReferences(
        [
            new("c1", "t", "r", ["F2", "F3"], Ref("east", 110, only: true, file: "F4")),
            new("unknown", null, null, ["none"], Ref("east", 1, only: true, file: "F5")),
        ]));
        Is("F1@4 [west-lo 60 A @4] [west-hi 60 A @4]", "F2@6", "F3@6 [west-lo 10 @2] [west-hi 20 @2]", "F4@6 [east 110 O @6]");

        // The Java collector names every file twice.
        Apply(7, new DeleteFiles(["F2", "F2"]));
        Is("F1@4 [west-lo 60 A @4] [west-hi 60 A @4]", "F3@6 [west-lo 10 @2] [west-hi 20 @2]", "F4@6 [east 110 O @6]");
        Apply(8, Add(("F2", [Ref("east", 80, only: true)])));
        Is("F1@4 [west-lo 60 A @4] [west-hi 60 A @4]", "F2@8 [east 80 O @8]", "F3@6 [west-lo 10 @2] [west-hi 20 @2]", "F4@6 [east 110 O @6]");
        Apply(9, new ClearFiles());
        Is();
    }

    [Fact]
    public void Of_two_references_on_one_partition_and_of_one_file_named_twice_the_last_counts()
    {
        Apply(1, Add(("F1", [Ref("p", 1), Ref("p", 2)]), ("F2", [Ref("p", 3)]), ("F2", [Ref("q", 4)])));
        Is("F1@1 [p 2 @1]", "F2@1 [q 4 @1]");
    }

    [Fact]
    public void What_does_not_fit_the_state_is_an_error()
    {
        Apply(1, Add(("F1", [Ref("p", 1)])));
        Assert.Contains("'F2'", Assert.Throws<TransactionFormatException>(() => Apply(2, new AssignJobIds([new("j", "p", ["F2"])]))).Message);
        Assert.Contains("'q'", Assert.Throws<TransactionFormatException>(() => Apply(2, new AssignJobIds([new("j", "q", ["F1"])]))).Message);
    }

    private static ReferenceBody Ref(string partition, long rows, bool only = false, bool approximate = false, string? file = null) =>
        new(file, partition, rows, null, approximate, only);

    private static AddFiles Add(params (string Name, ReferenceBody[] References)[] files) =>
        new([.. files.Select(f => new AddFiles.File(f.Name, f.References))]);

    private static DateTimeOffset Time(int entry) => DateTimeOffset.FromUnixTimeMilliseconds(1767323000000 + (1000 * entry));

    private void Apply(int entry, FilesTransaction transaction) => transaction.Apply(_state, Time(entry));

    private void Is(params string[] expected)
    {
        var actual = _state.Files.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => string.Join(
            ' ',
            f.References.Values.Select(r =>
                $"[{r.PartitionId} {r.NumberOfRows}{(r.CountApproximate ? " A" : "")}{(r.OnlyContainsDataForThisPartition ? " O" : "")}"
                + $"{(r.JobId is null ? "" : $" J={r.JobId}")} @{Entry(r.UpdateTime)}]").Prepend($"{f.Name}@{Entry(f.UpdateTime)}")));
        Assert.Equal(expected, actual.Select(Sorted));
        return;

        static long Entry(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() - 1767323000000) / 1000;

        static string Sorted(string line) => line;
    }
}
