using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>All that a committer needs of a table after one entry of its files log. FORMAT.md has the bytes.</summary>
/// <param name="TableId">The table's.</param>
/// <param name="Number">The entry of the files log.</param>
/// <param name="Checksum">Its checksum, which the next entry names.</param>
/// <param name="PartitionsNumber">The entry of the partitions log that made the tree: at least every one that files were planned on.</param>
/// <param name="PartitionsChecksum">Its checksum.</param>
/// <param name="LedgerFrom">Where the ledger begins.</param>
/// <param name="Partitions">The tree.</param>
/// <param name="Commits">The ledger, by number.</param>
/// <param name="Ends">The ENDs that count, by number.</param>
internal sealed record HeadSnapshot(
    string TableId,
    long Number,
    string Checksum,
    long PartitionsNumber,
    string PartitionsChecksum,
    long LedgerFrom,
    IReadOnlyCollection<Partition> Partitions,
    IReadOnlyList<(string IngestId, LedgerRow Row)> Commits,
    IReadOnlyList<EndRow> Ends)
{
    /// <summary>It is read whole and kept, so up to here (about 100,000 commits) in one piece: opening a table is to be few requests.</summary>
    private const int PieceBytes = 16 << 20;

    public static HeadSnapshot Take(string tableId, CommitHead head, PartitionsHead partitions) => new(
        tableId, head.Number, head.Checksum, partitions.Number, partitions.Checksum, head.LedgerFrom, partitions.All, head.Commits(), head.Ends());

    public async Task<byte[]> ToBytesAsync(CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        using var lines = new SealedLineWriter((piece, token) => bytes.WriteAsync(piece, token));
        await lines.WriteAsync(WriteHeader, cancellationToken).ConfigureAwait(false);
        foreach (var partition in Partitions.OrderBy(p => p.Id, StringComparer.Ordinal))
        {
            await lines.WriteAsync(json => Write(json, partition), cancellationToken).ConfigureAwait(false);
        }

        foreach (var (ingestId, row) in Commits)
        {
            await lines.WriteAsync(json => Write(json, ingestId, row), cancellationToken).ConfigureAwait(false);
        }

        foreach (var end in Ends)
        {
            await lines.WriteAsync(json => Write(json, end), cancellationToken).ConfigureAwait(false);
        }

        await lines.SealAsync(cancellationToken).ConfigureAwait(false);
        return bytes.ToArray();
    }

    /// <exception cref="TableDamagedException">It is not as it was written, or of another table.</exception>
    /// <exception cref="UnsupportedTableException">Its format is from the future.</exception>
    public static async Task<HeadSnapshot> ReadAsync(IObjectReader reader, string name, string tableId, Schema schema, CancellationToken cancellationToken)
    {
        var lines = new SealedLineReader(reader, name, PieceBytes);
        await using (lines.ConfigureAwait(false))
        {
            try
            {
                return await ReadAsync(lines, tableId, schema, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is JsonException or TransactionFormatException)
            {
                throw new TableDamagedException(name, $"It cannot be read: {e.Message}", e);
            }
        }
    }

    private static async Task<HeadSnapshot> ReadAsync(SealedLineReader lines, string tableId, Schema schema, CancellationToken cancellationToken)
    {
        var first = await lines.NextAsync(cancellationToken).ConfigureAwait(false) ?? throw new TransactionFormatException("it has no lines.");
        using var headerJson = JsonDocument.Parse(first);
        var header = SnapshotHeader.Read(headerJson.RootElement, "head", tableId, lines.ObjectName);
        string partitionsChecksum = BodyJson.Text(headerJson.RootElement, "partitionsChecksum");
        long ledgerFrom = BodyJson.Long(headerJson.RootElement, "ledgerFrom");
        var partitions = new List<Partition>();
        var commits = new List<(string, LedgerRow)>();
        var ends = new List<EndRow>();
        while (await lines.NextAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            using var json = JsonDocument.Parse(line);
            if (BodyJson.Optional(json.RootElement, "commit") is { } commit)
            {
                commits.Add((BodyJson.Text(commit, "ingest"), ReadRow(commit)));
            }
            else if (BodyJson.Optional(json.RootElement, "end") is { } end)
            {
                ends.Add(new EndRow(BodyJson.Long(end, "number"), BodyJson.Text(end, "ingest"), BodyJson.OptionalText(end, "attempt")));
            }
            else
            {
                partitions.Add(PartitionList.ReadOne(BodyJson.Required(json.RootElement, "partition"), schema));
            }
        }

        return new HeadSnapshot(
            tableId, header.Number, header.Checksum, header.PartitionsNumber, partitionsChecksum, ledgerFrom, partitions, commits, ends);
    }

    private static LedgerRow ReadRow(JsonElement json) => new(
        BodyJson.Long(json, "number"), BodyJson.Text(json, "attempt"), BodyJson.Long(json, "rows"), BodyJson.OptionalText(json, "digest") ?? "");

    private void WriteHeader(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        new SnapshotHeader(Number, Checksum, PartitionsNumber).Write(json, "head", TableId);
        json.WriteString("partitionsChecksum", PartitionsChecksum);
        json.WriteNumber("ledgerFrom", LedgerFrom);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Partition partition)
    {
        json.WriteStartObject();
        json.WritePropertyName("partition");
        PartitionJson.Write(json, partition);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string ingestId, LedgerRow row)
    {
        json.WriteStartObject();
        json.WriteStartObject("commit");
        json.WriteNumber("number", row.Number);
        json.WriteString("ingest", ingestId);
        json.WriteString("attempt", row.AttemptId);
        json.WriteNumber("rows", row.RowCount);
        if (row.Digest.Length > 0)
        {
            json.WriteString("digest", row.Digest);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, EndRow end)
    {
        json.WriteStartObject();
        json.WriteStartObject("end");
        json.WriteNumber("number", end.Number);
        json.WriteString("ingest", end.IngestId);
        if (end.AttemptId is not null)
        {
            json.WriteString("attempt", end.AttemptId);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
