using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>REPLACE_FILE_REFERENCES: the results of compactions. A job that does not fit the state is skipped; the others are applied.</summary>
internal sealed class ReplaceFileReferences(IReadOnlyList<ReplaceFileReferences.Job> jobs) : FilesTransaction
{
    public override TransactionType Type => TransactionType.ReplaceFileReferences;

    public override IEnumerable<string> TouchedFiles => Jobs.SelectMany(j => j.InputFiles.Append(j.NewReference.FileName!));

    public IReadOnlyList<Job> Jobs { get; } = jobs;

    public static ReplaceFileReferences Read(JsonElement json) =>
        new([.. BodyJson.Array(json, "jobs").Select(j => new Job(
            BodyJson.Text(j, "jobId"),
            BodyJson.OptionalText(j, "taskId"),
            BodyJson.OptionalText(j, "jobRunId"),
            BodyJson.Texts(j, "inputFiles"),
            ReferenceBody.Read(BodyJson.Required(j, "newReference"), withFileName: true)))]);

    public override void Apply(FilesState state, DateTimeOffset time)
    {
        foreach (var job in Jobs.Where(job => Fits(job, state)))
        {
            foreach (string input in job.InputFiles)
            {
                var file = state.Get(input);
                file.References.Remove(job.NewReference.PartitionId);
                file.UpdateTime = time;
            }

            var added = state.Set(job.NewReference.FileName!, time);
            added.References[job.NewReference.PartitionId] = FileReferenceState.From(job.NewReference, time);
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("jobs");
        foreach (var job in Jobs)
        {
            json.WriteStartObject();
            json.WriteString("jobId", job.JobId);
            if (job.TaskId is not null && job.JobRunId is not null)
            {
                json.WriteString("taskId", job.TaskId);
                json.WriteString("jobRunId", job.JobRunId);
            }

            BodyJson.WriteTexts(json, "inputFiles", job.InputFiles);
            json.WritePropertyName("newReference");
            job.NewReference.Write(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool Fits(Job job, FilesState state) =>
        !state.Contains(job.NewReference.FileName!)
        && job.InputFiles.All(
            input => state.Contains(input)
                && state.Get(input).References.TryGetValue(job.NewReference.PartitionId, out var reference)
                && reference.JobId == job.JobId);

    internal sealed record Job(string JobId, string? TaskId, string? JobRunId, IReadOnlyList<string> InputFiles, ReferenceBody NewReference);
}
