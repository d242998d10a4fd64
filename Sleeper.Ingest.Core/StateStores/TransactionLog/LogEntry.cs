namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>One entry of a log.</summary>
/// <param name="Header">What a committer needs.</param>
/// <param name="Body">Sleeper's JSON; empty if the entry was trimmed.</param>
/// <param name="FileLengths">The sizes of the files in bytes, in the order of the body; empty if they were not kept.</param>
/// <param name="Checksum">The entry's own checksum, which the next one names; empty before it is written.</param>
internal sealed record LogEntry(EntryHeader Header, ReadOnlyMemory<byte> Body, IReadOnlyList<long> FileLengths, string Checksum = "")
{
    public bool IsTrimmed => Body.IsEmpty;

    public long Number => Header.Number;
}
