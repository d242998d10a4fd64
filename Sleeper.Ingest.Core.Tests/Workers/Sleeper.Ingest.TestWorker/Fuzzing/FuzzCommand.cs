using System.Globalization;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>
/// Feeds damaged inputs to the targets <c>--targets</c> (names with commas; all if not given): those of the folder <c>--kept</c>, one folder for each target,
/// then <c>--runs</c> from <c>--first</c> on, or the part <c>--part</c> of <c>--share</c> runs times the target's weight, made from <c>--seed</c>; with <c>--save</c> the inputs are also put into that folder, to be kept. With <c>--duckdb</c>, the path of its library, files that are taken are held against DuckDB: one in <c>--compared-one-in</c> of the runs, and all kept ones. Notes each run in the file <c>--progress</c> before it begins. Writes a line for each
/// target; at a broken promise <c>failed</c>, the message, and ends with 3.
/// </summary>
internal static class FuzzCommand
{
    public static Task<int> RunAsync(WorkerArguments arguments)
    {
        using var progress = new FileStream(arguments.Text("progress"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        ulong seed = ulong.Parse(arguments.Text("seed", "1"), CultureInfo.InvariantCulture);
        string library = arguments.Text("duckdb", "");
        using FileReferee? referee = library.Length == 0 ? null : new FileReferee(library, Path.GetDirectoryName(Path.GetFullPath(arguments.Text("progress")))!);
        var session = new FuzzSession(seed, progress, referee, arguments.Number("compared-one-in", 1));
        string names = arguments.Text("targets", "");
        FuzzTarget[] targets = names.Length == 0 ? [.. FuzzTargets.All] : [.. names.Split(',').Select(FuzzTargets.ByName)];
        long share = arguments.Number("share", 0);
        try
        {
            foreach (FuzzTarget target in targets)
            {
                (long Same, long Refused, long Skipped) before = (referee?.Same ?? 0, referee?.Refused ?? 0, referee?.Skipped ?? 0);
                long started = System.Diagnostics.Stopwatch.GetTimestamp();
                long runs = share > 0 ? share * target.Weight : arguments.Number("runs");
                long first = share > 0 ? arguments.Number("part") * runs : arguments.Number("first", 0);
                int kept = FeedKept(session, target, arguments.Text("kept", ""));
                Save(target, arguments.Text("save", ""), seed, first, runs);
                session.Run(target, first, runs);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{target.Name} kept {kept} runs {runs} taken {session.Accepted} refused {session.Refused} memory {session.MostMemory}% ms {System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0}{(target.IsCompared && referee is not null ? $" duckdb same {referee.Same - before.Same} refused {referee.Refused - before.Refused} skipped {referee.Skipped - before.Skipped}" : "")}"));
            }

            foreach (var (reason, count) in referee?.Reasons ?? [])
            {
                Console.Error.WriteLine($"{count} times {reason}");
            }

            return Task.FromResult(0);
        }
        catch (FuzzFailure failure)
        {
            Console.WriteLine("failed " + failure.Message);
            Console.Error.WriteLine(failure.ToString());
            return Task.FromResult(3);
        }
    }

    private static void Save(FuzzTarget target, string folder, ulong seed, long first, long runs)
    {
        if (folder.Length == 0)
        {
            return;
        }

        string own = Path.Combine(folder, target.Name);
        Directory.CreateDirectory(own);
        var random = new FuzzRandom();
        for (long run = first; run < first + runs; run++)
        {
            random.Begin(seed, FuzzTargets.NumberOf(target), run);
            File.WriteAllBytes(Path.Combine(own, string.Create(CultureInfo.InvariantCulture, $"{seed}-{run}.bin")), target.Make(random));
        }
    }

    private static int FeedKept(FuzzSession session, FuzzTarget target, string folder)
    {
        string own = Path.Combine(folder, target.Name);
        if (folder.Length == 0 || !Directory.Exists(own))
        {
            return 0;
        }

        session.WarmUp(target);
        string[] files = [.. Directory.EnumerateFiles(own).Order(StringComparer.Ordinal)];
        foreach (string file in files)
        {
            session.NoteKept(target, Path.GetFileName(file));
            try
            {
                session.Feed(target, File.ReadAllBytes(file), isCompared: true);
            }
            catch (FuzzFailure failure)
            {
                throw new FuzzFailure($"{target.Name}, kept input {Path.GetFileName(file)}: {failure.Message}", failure.InnerException);
            }
        }

        return files.Length;
    }
}
