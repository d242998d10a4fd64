using System.Globalization;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Benchmarks;

/// <summary>The command line of a job.</summary>
internal sealed record JobOptions
{
    private string? _input;
    private string? _output;
    private string? _workload;
    private long? _rows;

    public string Input => _input ?? throw new ArgumentException("--input FILE is missing.");

    /// <summary>False if there is no --input.</summary>
    public bool HasInput => _input is not null;

    public string Output => _output ?? throw new ArgumentException("--out is missing.");

    /// <summary>False if there is no --out.</summary>
    public bool HasOutput => _output is not null;

    public string Workload => _workload ?? throw new ArgumentException("--workload is missing.");

    public long Rows => _rows ?? throw new ArgumentException("--rows N is missing.");

    /// <summary>False if there is no --rows.</summary>
    public bool HasRows => _rows is not null;

    public int Threads { get; private set; } = Environment.ProcessorCount;

    public long? MemoryBytes { get; private set; }

    public bool IsOneFile { get; private set; }

    /// <summary>Rows of the caller's own type instead of <c>Row</c>; null if the command line does not say.</summary>
    public bool? IsTyped { get; private set; }

    /// <summary>The same options for another folder and kind of rows.</summary>
    public JobOptions With(string output, bool isTyped) => this with { _output = output, IsTyped = isTyped };

    public bool IsDurable { get; private set; } = true;

    public string? SpillFolder { get; private set; }

    /// <summary>The columns of a file that are read; empty for all.</summary>
    public IReadOnlyList<string> Columns { get; private set; } = [];

    /// <summary>How many times a job on one Parquet file does its work in one process.</summary>
    public int Repeat { get; private set; } = 5;

    /// <summary>Into so many ingests the rows of a job are split.</summary>
    public int Commits { get; private set; } = 1;

    /// <summary>Whether row keys get Bloom filters.</summary>
    public bool HasFilters { get; private set; }

    /// <summary>Prints what each stage took; null if nobody asked.</summary>
    public StageProfile? Profile { get; private set; }

    /// <summary>Whether the types are named that were allocated.</summary>
    public bool ShowsAllocations { get; private set; }

    /// <summary>Batch sizes, in rows; empty for the job's own.</summary>
    public IReadOnlyList<long> Batches { get; private set; } = [];

    /// <summary>Memory budgets to go through, in bytes; empty for the job's own.</summary>
    public IReadOnlyList<long> Budgets { get; private set; } = [];

    /// <summary>Counts of leaves to go through; empty for the job's own.</summary>
    public IReadOnlyList<long> Leaves { get; private set; } = [];

    /// <summary>Shapes of input to go through; empty for all.</summary>
    public IReadOnlyList<string> Shapes { get; private set; } = [];

    /// <summary>Rows that come in a second; null if they are all there.</summary>
    public double? ArrivingRowsPerSecond { get; private set; }

    /// <summary>A file of JSON with prices; null for the library's own.</summary>
    public string? PriceFile { get; private set; }

    /// <summary>Where a plot goes; null for nowhere.</summary>
    public string? Plot { get; private set; }

    /// <summary>Where samples go, as a table of commas; null for nowhere.</summary>
    public string? SampleFile { get; private set; }

    /// <summary>Rows of the run that a long one is held against; null for the job's own.</summary>
    public long? ReferenceRows { get; private set; }

    /// <summary>Whether what is spilled leaves the page cache at once.</summary>
    public bool DropsCache { get; private set; }

    /// <summary>Generated rows differ by it.</summary>
    public ulong Seed { get; private set; }

    public CompressionCodec Codec { get; private set; } = CompressionCodec.Zstd;

    /// <summary>Null for the codec's own default.</summary>
    public int? CompressionLevel { get; private set; }

    public static JobOptions Parse(string[] args)
    {
        var options = new JobOptions();
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--no-sync")
            {
                options.IsDurable = false;
                continue;
            }

            if (args[i] == "--allocations")
            {
                options.ShowsAllocations = true;
                continue;
            }

            if (args[i] == "--drop-cache")
            {
                options.DropsCache = true;
                continue;
            }

            if (args[i] == "--filters")
            {
                options.HasFilters = true;
                continue;
            }

            if (args[i] == "--profile")
            {
                options.Profile = new StageProfile();
                continue;
            }

            string option = args[i];
            string value = ++i < args.Length ? args[i] : throw new ArgumentException($"{option} has no value.");
            options.Set(option, value);
        }

        return options;
    }

    private void Set(string option, string value)
    {
        switch (option)
        {
            case "--input":
                _input = value;
                break;
            case "--out":
                _output = value;
                break;
            case "--workload":
                _workload = value;
                break;
            case "--rows":
                _rows = Number(option, value);
                break;
            case "--threads":
                Threads = (int)Number(option, value);
                break;
            case "--memory":
                MemoryBytes = Number(option, value);
                break;
            case "--spill":
                SpillFolder = value;
                break;
            case "--strategy":
                IsOneFile = Choice(option, value, "file", "reference") == "reference";
                break;
            case "--kind":
                IsTyped = Choice(option, value, "row", "typed") == "typed";
                break;
            case "--columns":
                Columns = value.Split(',');
                break;
            case "--repeat":
                Repeat = (int)Number(option, value);
                break;
            case "--commits":
                Commits = (int)Number(option, value);
                break;
            case "--codec":
                Codec = Enum.Parse<CompressionCodec>(Choice(option, value, "zstd", "snappy", "uncompressed"), ignoreCase: true);
                break;
            case "--level":
                CompressionLevel = (int)Number(option, value);
                break;
            case "--batches":
                Batches = Numbers(option, value);
                break;
            case "--budgets":
                Budgets = Numbers(option, value);
                break;
            case "--leaves":
                Leaves = Numbers(option, value);
                break;
            case "--shapes":
                Shapes = value.Split(',');
                break;
            case "--arrival":
                ArrivingRowsPerSecond = Number(option, value);
                break;
            case "--prices":
                PriceFile = value;
                break;
            case "--svg":
                Plot = value;
                break;
            case "--csv":
                SampleFile = value;
                break;
            case "--reference":
                ReferenceRows = Number(option, value);
                break;
            case "--seed":
                Seed = (ulong)Number(option, value);
                break;
            default:
                throw new ArgumentException($"There is no option '{option}'.");
        }
    }

    private static long Number(string option, string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0
            ? number
            : throw new ArgumentException($"{option} needs a positive number, not '{value}'.");

    private static long[] Numbers(string option, string value) => [.. value.Split(',').Select(number => Number(option, number))];

    private static string Choice(string option, string value, params string[] choices) =>
        choices.Contains(value) ? value : throw new ArgumentException($"{option} is one of {string.Join(", ", choices)}, not '{value}'.");
}
