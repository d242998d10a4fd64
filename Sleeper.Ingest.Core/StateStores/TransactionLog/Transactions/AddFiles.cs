using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>
/// ADD_FILES: new files with their references. If any file is known already, the whole transaction has no effect. Without files it adds nothing:
/// in an own table such an entry ends an attempt.
/// </summary>
/// <param name="files">The files.</param>
/// <param name="job">All members of the ingest job, or null: three of four are worse than none.</param>
internal sealed class AddFiles(IReadOnlyList<AddFiles.File> files, AddFiles.JobMembers? job = null) : FilesTransaction
{
    public override TransactionType Type => TransactionType.AddFiles;

    public override IEnumerable<string> TouchedFiles => Files.Select(f => f.Name);

    public IReadOnlyList<File> Files { get; } = files;

    public JobMembers? Job { get; } = job;

    public static AddFiles Read(JsonElement json)
    {
        string? jobId = BodyJson.OptionalText(json, "jobId");
        string? taskId = BodyJson.OptionalText(json, "taskId");
        string? jobRunId = BodyJson.OptionalText(json, "jobRunId");
        long? writtenTime = BodyJson.OptionalLong(json, "writtenTime");
        var files = new List<File>();
        foreach (var file in BodyJson.Array(json, "files"))
        {
            string name = BodyJson.Text(file, "filename");
            files.Add(new File(name, [.. BodyJson.Array(file, "references").Select(r => ReferenceBody.Read(r, withFileName: false))]));
        }

        var job = jobId is not null && taskId is not null && jobRunId is not null && writtenTime is not null
            ? new JobMembers(jobId, taskId, jobRunId, writtenTime.Value)
            : null;
        return new AddFiles(files, job);
    }

    public override void Apply(FilesState state, DateTimeOffset time)
    {
        if (Files.Any(f => state.Contains(f.Name)))
        {
            return;
        }

        foreach (var file in Files)
        {
            var added = state.Set(file.Name, time);
            foreach (var reference in file.References)
            {
                added.References[reference.PartitionId] = FileReferenceState.From(reference, time);
            }
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (Job is not null)
        {
            json.WriteString("jobId", Job.JobId);
            json.WriteString("taskId", Job.TaskId);
            json.WriteString("jobRunId", Job.JobRunId);
            json.WriteNumber("writtenTime", Job.WrittenTimeMilliseconds);
        }

        json.WriteStartArray("files");
        foreach (var file in Files)
        {
            json.WriteStartObject();
            json.WriteString("filename", file.Name);
            json.WriteStartArray("references");
            foreach (var reference in file.References)
            {
                reference.Write(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal sealed record File(string Name, IReadOnlyList<ReferenceBody> References);

    /// <summary>The members of an ingest job. With one of them missing the job's tracker would hear nothing.</summary>
    internal sealed record JobMembers
    {
        public JobMembers(string jobId, string taskId, string jobRunId, long writtenTimeMilliseconds)
        {
            ArgumentNullException.ThrowIfNull(jobId);
            ArgumentNullException.ThrowIfNull(taskId);
            ArgumentNullException.ThrowIfNull(jobRunId);
            (JobId, TaskId, JobRunId, WrittenTimeMilliseconds) = (jobId, taskId, jobRunId, writtenTimeMilliseconds);
        }

        public string JobId { get; }

        public string TaskId { get; }

        public string JobRunId { get; }

        public long WrittenTimeMilliseconds { get; }
    }
}
