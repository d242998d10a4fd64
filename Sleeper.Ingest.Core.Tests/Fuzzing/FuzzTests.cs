using System.Globalization;
using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Fuzzing;

/// <summary>
/// Damaged inputs for every decoder, in processes of their own: whatever the bytes, they end in rows or in one kind of error, in proportion to their size. The README
/// of this folder says how to run more of them, and how to run one again.
/// </summary>
public sealed partial class FuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int TargetCount = 21;
    private const int SumOfWeights = 55;
    private const int ComparedTargetCount = 3;
    private const int Crash = 128;

    /// <summary>Removed checks are noticed within so many runs of their target.</summary>
    private const int RunsForRemovedCheck = 4000;

    /// <summary>Targets for which any bytes are good ones: none of their runs may be refused, where all others must refuse some.</summary>
    private static readonly string[] TakesAll = ["properties"];

    private readonly TemporaryFolder _folder = new();

    /// <summary>Type, method, throw, target: see <see cref="RemovedCheck"/>.</summary>
    public static TheoryData<string, string, int?, string> RemovedChecks => new()
    {
        { "Parquet.Thrift.ThriftCompactReader", "ThrowLength", null, "footer" },
        { "Parquet.Thrift.ThriftCompactReader", "ThrowTooDeep", null, "page-header" },
        { "Parquet.Encodings.HybridDecoder", "ThrowEnded", null, "levels" },
        { "Parquet.Pages.LevelReader", "Read", 0, "levels" },
        { "Parquet.Encodings.PlainByteArrayDecoder", "ThrowLength", null, "plain" },
        { "Parquet.Encodings.PlainBooleanDecoder", "Decode", 0, "plain" },
        { "Parquet.Encodings.DictionaryDecoder", "ThrowIndex", null, "dictionary" },
        { "Parquet.Encodings.DictionaryDecoder", "Reset", 0, "dictionary" },
        { "Parquet.Encodings.DeltaBlocksDecoder", "ThrowEnded", null, "delta-numbers" },
        { "Parquet.Encodings.DeltaLengthByteArrayDecoder", "ThrowEnded", null, "delta-bytes" },
        { "Parquet.Encodings.DeltaByteArrayDecoder", "TotalPrefixLength", 0, "delta-bytes" },
        { "Parquet.Encodings.ByteStreamSplitDecoder", "Reset", 0, "byte-stream-split" },
        { "Parquet.Encodings.ByteStreamSplitDecoder", "Decode", 0, "byte-stream-split" },
        { "Parquet.Compression.SnappyDecoder", "ThrowOutside", null, "snappy" },
        { "Parquet.Compression.Lz4Decoder", "Decode", 1, "lz4" },
        { "Parquet.Compression.ZstdPageDecompressor", "Decompress", 1, "library-codecs" },
        { "Parquet.FooterChecks", "CheckChunks", 0, "file" },
        { "Spilling.BlockReader", "TryRead", 0, "spill" },
        { "Spilling.BlockReader", "CheckTotals", 0, "spill" },
        { "Spilling.RunCursor", "MoveNext", 1, "spill" },
        { "StateStores.TransactionLog.Snapshots.SealedLineReader", "CheckSeal", 0, "snapshot" },
        { "StateStores.TransactionLog.Snapshots.SealedLineReader", "CheckSeal", 2, "snapshot" },
        { "StateStores.DynamoDb.Arrow.ArrowColumn", "CheckOffsets", 1, "arrow-snapshot" },
        { "StateStores.DynamoDb.Arrow.ArrowColumn", "RequireBytes", 0, "arrow-snapshot" },
        { "Jobs.JobMessageReader", "ReadAll", 0, "job-message" },
        { "Jobs.JobMessageJson", "WriteIfThere", null, "job-message" },
        { "StateStores.OwnTables.PropertiesText", "Escape", null, "properties" },
    };

    private static string KeptFolder => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "fuzz");

    private static string Seed => Environment.GetEnvironmentVariable("SLEEPER_FUZZ_SEED") ?? "1";

    /// <summary>Of the runs of whole files, one in so many is held against DuckDB, if it was taken.</summary>
    private static string ComparedOneIn => Environment.GetEnvironmentVariable("SLEEPER_FUZZ_COMPARED") ?? "4";

    /// <summary>Runs of all targets together.</summary>
    private static long Runs => long.Parse(Environment.GetEnvironmentVariable("SLEEPER_FUZZ_RUNS") ?? "80000", CultureInfo.InvariantCulture);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Damaged_inputs_end_in_rows_or_in_one_kind_of_error()
    {
        if (Environment.GetEnvironmentVariable("SLEEPER_FUZZ_RUN") is { } one)
        {
            string[] words = one.Split(' ');
            await FuzzAsync("one", long.TryParse(words[1], out _)
                ? ["--targets", words[0], "--first", words[1], "--runs", "1"]
                : ["--targets", words[0], "--kept", KeptFolder, "--runs", "0"]);
            return;
        }

        int parts = Environment.ProcessorCount;
        long share = (Runs / SumOfWeights / parts) + 1;
        List<string>[] reports = await Task.WhenAll(Enumerable.Range(0, parts).Select(part => FuzzAsync(
            $"part{part}", ["--part", $"{part}", "--share", $"{share}", .. part == 0 ? ["--kept", KeptFolder] : Array.Empty<string>()])));

        foreach (string line in reports.SelectMany(lines => lines))
        {
            output.WriteLine(line);
        }

        foreach (List<string> lines in reports)
        {
            Assert.Equal(TargetCount, lines.Count);
            Assert.Equal(SumOfWeights * share, lines.Sum(line => long.Parse(Counts().Match(line).Groups["runs"].Value, CultureInfo.InvariantCulture)));
            Assert.All(lines, line =>
            {
                // A target that refuses all or takes all tests nothing, unless nothing can be wrong.
                Match counts = Counts().Match(line);
                long refused = long.Parse(counts.Groups["refused"].Value, CultureInfo.InvariantCulture);
                Assert.True(long.Parse(counts.Groups["taken"].Value, CultureInfo.InvariantCulture) >= share / 100, line);
                Assert.True(TakesAll.Contains(line.Split(' ')[0]) ? refused == 0 : refused >= share / 100, line);
            });
        }

        string[] compared = [.. reports.SelectMany(lines => lines).Where(line => line.Contains(" duckdb ", StringComparison.Ordinal))];
        Assert.All(compared, line => Assert.DoesNotContain(" same 0 ", line, StringComparison.Ordinal));
        Assert.Equal(await NodeTools.ProblemAsync() is null ? ComparedTargetCount * parts : 0, compared.Length);
        Assert.All(reports[0], line => Assert.DoesNotContain(" kept 0 ", line, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(RemovedChecks))]
    public async Task A_check_that_is_removed_is_missed(string type, string method, int? number, string target)
    {
        var check = new RemovedCheck(type, method, number);
        string program = System.IO.Path.Combine(_folder.Path, "program");
        Directory.CreateDirectory(program);
        foreach (string file in Directory.EnumerateFiles(WorkerProcess.ProgramFolder()))
        {
            File.Copy(file, System.IO.Path.Combine(program, System.IO.Path.GetFileName(file)));
        }

        check.Apply(System.IO.Path.Combine(program, "Sleeper.Ingest.Core.dll"));
        await using WorkerProcess worker = WorkerProcess.StartFrom(
            program, [], "fuzz", "--progress", System.IO.Path.Combine(_folder.Path, "progress"), "--targets", target, "--runs", $"{RunsForRemovedCheck}");
        List<string> lines = await worker.ReadToEndAsync();
        int code = await worker.WaitForExitAsync();

        output.WriteLine($"exit code {code} after run {await ProgressAsync("progress")}: {string.Join('\n', lines)}");
        Assert.True(code == 3 || code >= Crash, $"{RunsForRemovedCheck} runs of {target} did not notice that {check} is gone. {worker.Errors}");
    }

    private async Task<List<string>> FuzzAsync(string name, params string[] arguments)
    {
        string? problem = await NodeTools.ProblemAsync();
        string[] referee = problem is null ? ["--duckdb", DuckDbLibrary.PathIn(NodeTools.ModulesFolder), "--compared-one-in", ComparedOneIn] : [];
        output.WriteLine(problem is null ? "" : $"Files that were taken are not held against DuckDB: {problem}");
        await using WorkerProcess worker = WorkerProcess.Start(
            "fuzz", ["--progress", System.IO.Path.Combine(_folder.Path, name), "--seed", Seed, .. referee, .. arguments]);
        string? trouble;
        List<string> lines = [];
        try
        {
            // Only a hang takes so long.
            var limit = TimeSpan.FromMinutes(2) + TimeSpan.FromMilliseconds(Runs);
            lines = await worker.ReadToEndAsync(limit);
            int code = await worker.WaitForExitAsync(limit);
            trouble = code == 0 ? null : $"the process ended with {code}";
        }
        catch (TimeoutException)
        {
            trouble = "the run does not end";
        }

        if (trouble is not null)
        {
            string run = await ProgressAsync(name);
            Assert.Fail($"Fuzzing failed at '{run}': {trouble}. Again: SLEEPER_FUZZ_SEED={Seed} SLEEPER_FUZZ_RUN='{run}' dotnet test -c Release --filter FuzzTests\n{string.Join('\n', lines)}\n{worker.Errors}");
        }

        return lines;
    }

    private async Task<string> ProgressAsync(string name) =>
        (await File.ReadAllTextAsync(System.IO.Path.Combine(_folder.Path, name), TestContext.Current.CancellationToken)).Trim();

    [GeneratedRegex(" runs (?<runs>[0-9]+) taken (?<taken>[0-9]+) refused (?<refused>[0-9]+) ")]
    private static partial Regex Counts();
}
