using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

public sealed class CommitHeadTests
{
    private readonly CommitHead _head = new();

    [Fact]
    public void An_end_of_one_attempt_leaves_the_others_alone()
    {
        Apply(h => h with { IngestId = "a", AttemptId = "1", IsEnd = true });
        Assert.True(_head.IsEnded("a", "1", 0));
        Assert.False(_head.IsEnded("a", "2", 0));
        Assert.False(_head.IsEnded("b", "1", 0));
        Assert.False(_head.TryGetCommit("a", out _));
    }

    [Fact]
    public void An_end_of_all_attempts_spares_those_opened_after_it()
    {
        Apply(h => h);
        Apply(h => h with { IngestId = "a", IsEnd = true });
        Assert.True(_head.IsEnded("a", "1", 1));
        Assert.False(_head.IsEnded("a", "1", 2));
        Assert.False(_head.IsEnded("b", "1", 0));
    }

    [Fact]
    public void Of_two_entries_of_one_id_the_first_is_the_commit()
    {
        Apply(h => h with { IngestId = "a", AttemptId = "1", RowCount = 5 });
        Apply(h => h with { IngestId = "a", AttemptId = "2", RowCount = 6 });
        Assert.True(_head.TryGetCommit("a", out var row));
        Assert.Equal(new LedgerRow(1, "1", 5, ""), row);
    }

    [Fact]
    public void The_ledger_forgets_below_its_new_beginning_and_never_goes_back()
    {
        for (int i = 1; i <= 5; i++)
        {
            Apply(h => h with { IngestId = $"id-{i}", AttemptId = "1" });
        }

        Apply(h => h with { IngestId = "ended", IsEnd = true });
        Apply(h => h with { IngestId = "ended", AttemptId = "9", IsEnd = true });
        Apply(h => h with { LedgerFrom = 4 });
        Assert.Equal((4L, 2), (_head.LedgerFrom, _head.LedgerCount));
        Assert.False(_head.TryGetCommit("id-3", out _));
        Assert.True(_head.TryGetCommit("id-4", out _));
        Assert.True(_head.IsEnded("ended", "x", 5));
        Apply(h => h with { LedgerFrom = 2 });
        Assert.Equal(4, _head.LedgerFrom);
        Apply(h => h with { LedgerFrom = 9 });
        Assert.Equal(0, _head.LedgerCount);
        Assert.False(_head.IsEnded("ended", "9", 9));
    }

    [Theory]
    [InlineData(1, "c1")]
    [InlineData(3, "c1")]
    [InlineData(2, "another")]
    public void An_entry_that_does_not_follow_is_refused(long number, string before)
    {
        Apply(h => h);
        var entry = new LogEntry(Header(number, before), default, [], "c");
        Assert.Equal("entry", Assert.Throws<TableDamagedException>(() => _head.Apply(entry, "entry")).ObjectName);
        Assert.Equal((1L, "c1"), (_head.Number, _head.Checksum));
    }

    private static EntryHeader Header(long number, string before) => new()
    {
        TableId = "0a1b2c3d",
        Log = LogKind.Files,
        Number = number,
        Type = TransactionType.AddFiles,
        Time = DateTimeOffset.UnixEpoch,
        Writer = "w",
        Before = before,
    };

    private void Apply(Func<EntryHeader, EntryHeader> change)
    {
        long number = _head.Number + 1;
        _head.Apply(new LogEntry(change(Header(number, _head.Checksum)), default, [], $"c{number}"), "entry");
    }
}
