using System.Security.Cryptography;
using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Looks at a job before it runs: all that can be known without reading a row.</summary>
/// <remarks>Checks, their order and their reasons are Sleeper's (IngestJobMessageHandler): what is wrong with the message is reported together, what is wrong with its
/// paths only after that. Then all footers are read: a file that does not fit the table rejects the job.</remarks>
internal sealed class JobValidation(IJobTables tables, JobInputs inputs)
{
    private const int MaxReasons = 100;
    private const int MaxIngestIdBytes = 1024;

    private readonly JobFileFinder _finder = new(inputs);

    /// <summary>Reads the message and finds its table.</summary>
    /// <exception cref="IngestException">The tables could not be asked.</exception>
    public async Task<ReadMessage> ReadAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        var read = JobMessageReader.Read(message.Body);
        string jobId = string.IsNullOrWhiteSpace(read.Id) ? IdFrom(read.FirstMessageId ?? message.Id) : read.Id;
        if (read.Error is not null)
        {
            return new ReadMessage(jobId, message.Id, read, null, [$"Error parsing JSON. Reason: {read.Error}"], "");
        }

        List<string> reasons = [];
        if (read.Files is null)
        {
            reasons.Add("Missing property \"files\"");
        }
        else if (read.Files.Contains(null))
        {
            reasons.Add("One of the files was null");
        }

        var table = await tables.FindAsync(read.TableId, read.TableName, cancellationToken).ConfigureAwait(false);
        if (table is null)
        {
            reasons.Add("Table not found");
        }

        if (read.Once && string.IsNullOrWhiteSpace(read.Id))
        {
            reasons.Add("\"once\" needs an \"id\": it is by the id that the second sending is known");
        }

        return new ReadMessage(jobId, read.FirstMessageId ?? message.Id, read, table, reasons, IngestIdOf(jobId, read, message));
    }

    /// <summary>Finds the files and reads their footers.</summary>
    /// <returns>The job, or why it is rejected: reasons and more than these.</returns>
    /// <exception cref="IngestException">A store could not be asked, and may answer later.</exception>
    public async Task<(IngestJob? Job, IReadOnlyList<string> Reasons, IReadOnlyList<string> Details)> LookAtFilesAsync(
        ReadMessage message, ParquetMapping mapping, ParquetReadLimits limits, CancellationToken cancellationToken)
    {
        var found = await _finder.FindAsync([.. message.Content.Files!.Select(f => f!)], cancellationToken).ConfigureAwait(false);
        if (found.Missing.Count + found.Wrong.Count > 0)
        {
            IReadOnlyList<string> missing = found.Missing.Count > 0 ? ["Could not find one or more paths"] : [];
            return (null, Limit([.. missing, .. found.Wrong]), Limit(found.Missing));
        }

        long rows = 0;
        List<string> problems = [];
        foreach (var some in found.Files.Chunk(inputs.LooksAtOnce))
        {
            var checks = await Task.WhenAll(some.Select(f => CheckAsync(f, message.Table!, mapping, limits, cancellationToken))).ConfigureAwait(false);
            foreach (var check in checks)
            {
                rows += check.RowCount;
                problems.AddRange(check.Problems.Select(p => p.Contains(check.Path, StringComparison.Ordinal) ? p : $"{check.Path}: {p}"));
            }
        }

        return problems.Count > 0
            ? (null, Limit(problems), [])
            : (new IngestJob { Id = message.JobId, Table = message.Table!, Files = found.Files, RowCount = rows, DuplicateCount = found.DuplicateCount }, [], []);
    }

    private static async Task<ParquetFileCheck> CheckAsync(
        JobFile file, JobTable table, ParquetMapping mapping, ParquetReadLimits limits, CancellationToken cancellationToken)
    {
        var check = await ParquetCheck.CheckObjectAsync(file.Store, file.Path, table.Schema, mapping, limits.ForReader(), throwsIfStoreFails: true, cancellationToken).ConfigureAwait(false);
        return check with { Path = file.Name };
    }

    private static List<string> Limit(List<string> reasons) =>
        reasons.Count <= MaxReasons ? reasons : [.. reasons.Take(MaxReasons), $"... and {reasons.Count - MaxReasons} more"];

    /// <summary>A message without a job id gets one that is the same each time it is received.</summary>
    private static string IdFrom(string messageId)
    {
        byte[] bytes = SHA256.HashData(Encoding.UTF8.GetBytes(messageId)).AsSpan(0, 16).ToArray();
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x40); // the version of a random one
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes).ToString("D");
    }

    /// <summary>What decides what commits: the run's, or the job's if it shall ingest once.</summary>
    private static string IngestIdOf(string jobId, JobMessageReader read, QueueMessage message)
    {
        string id = read.Once ? $"job-once/{jobId}" : $"job/{read.FirstMessageId ?? message.Id}/{jobId}";
        bool isGood = Encoding.UTF8.GetByteCount(id) <= MaxIngestIdBytes && !id.Any(char.IsSurrogate);
        return isGood ? id : $"job-hash/{Convert.ToHexStringLower(SHA256.HashData(Encoding.Unicode.GetBytes(id)))}";
    }
}

/// <summary>A message that was read.</summary>
/// <param name="JobId">Its job: as it says, or made of the message's id.</param>
/// <param name="MessageId">The queue's message; of a copy, the one that it is a copy of.</param>
/// <param name="Content">What it says.</param>
/// <param name="Table">Its table; null if there is none.</param>
/// <param name="Faults">Why the job is rejected; empty if it is not, so far.</param>
/// <param name="IngestId">The ingest's id.</param>
internal sealed record ReadMessage(
    string JobId, string MessageId, JobMessageReader Content, JobTable? Table, IReadOnlyList<string> Faults, string IngestId);
