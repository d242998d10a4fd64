using System.Collections.Concurrent;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Finds the files that a job names.</summary>
internal sealed class JobFileFinder(JobInputs inputs)
{
    private const string Ending = ".parquet";

    private readonly ConcurrentDictionary<string, IObjectStore?> _buckets = new(StringComparer.Ordinal);

    /// <summary>The files in the order of the names, those of a folder by path, each once.</summary>
    /// <exception cref="IngestException">A store could not be asked, and may answer later. What will not change is a fault of the job.</exception>
    public async Task<FoundFiles> FindAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var wanted = names.Where(n => !n.EndsWith(".crc", StringComparison.Ordinal)).Select(n => (Name: n, Path: JobPath.Parse(n, inputs, _buckets))).ToList();
        var found = new FoundFiles();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var some in wanted.Chunk(inputs.LooksAtOnce))
        {
            var looks = await Task.WhenAll(some.Select(w => LookAsync(w.Name, w.Path, cancellationToken))).ConfigureAwait(false);
            foreach (var (files, fault, isMissing) in looks)
            {
                if (fault is not null)
                {
                    (isMissing ? found.Missing : found.Wrong).Add(fault);
                }

                foreach (var file in files)
                {
                    if (seen.Add(file.Name))
                    {
                        found.Files.Add(file);
                    }
                    else
                    {
                        found.DuplicateCount++;
                    }
                }
            }
        }

        return found;
    }

    private static async Task<(List<JobFile> Files, string? Fault, bool IsMissing)> LookAsync(string name, JobPath path, CancellationToken cancellationToken)
    {
        if (path.Store is null)
        {
            return ([], path.Fault, false);
        }

        try
        {
            var files = await LookAsync(path, path.Store, cancellationToken).ConfigureAwait(false);
            return files.Count > 0 ? (files, null, false) : ([], $"'{name}': there is no {Ending} file of exactly this name, and none below it", true);
        }
        catch (IngestException e) when (!e.IsRetryable)
        {
            // A bucket that is not there, a folder that may not be read: it stays so, whoever asks.
            return ([], $"The path '{name}' cannot be looked at: {e.Message}", false);
        }
    }

    private static async Task<List<JobFile>> LookAsync(JobPath path, IObjectStore store, CancellationToken cancellationToken)
    {
        bool mayBeFile = !path.IsFolder && path.Path.EndsWith(Ending, StringComparison.Ordinal);
        if (mayBeFile && await store.HeadAsync(path.Path, cancellationToken).ConfigureAwait(false) is not null)
        {
            return [new JobFile(store, path.Path, path.Prefix + path.Path)];
        }

        List<JobFile> files = [];
        await foreach (var found in store.ListAsync(path.Path.Length == 0 ? "" : path.Path + "/", null, cancellationToken).ConfigureAwait(false))
        {
            if (found.Path.EndsWith(Ending, StringComparison.Ordinal))
            {
                files.Add(new JobFile(store, found.Path, path.Prefix + found.Path));
            }
        }

        return files;
    }
}

/// <summary>What the names of a job led to.</summary>
internal sealed class FoundFiles
{
    public List<JobFile> Files { get; } = [];

    /// <summary>What is not there, by name.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>Names that cannot be, or that may not be looked at.</summary>
    public List<string> Wrong { get; } = [];

    public int DuplicateCount { get; set; }
}
