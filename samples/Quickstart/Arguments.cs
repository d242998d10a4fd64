namespace Sleeper.Ingest.Core.Samples;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    private const string Usage = """
        usage: dotnet run -c Release --project samples/Quickstart [-- FILE --row-key NAME --sort-key NAME --leaves N --table NAME --out FOLDER]

          FILE        a Parquet file; without it the flights that come with the sample
          --row-key   the field that decides the partition and the order (several: repeat)     default: origin
          --sort-key  the field that orders rows with equal row keys (several: repeat)          default: date
          --leaves    how many leaf partitions a new table gets                                 default: 16
          --table     the table's name                                                          default: flights
          --out       the folder that holds the table                                           default: quickstart-table
        """;

    public string InputPath { get; private init; } = Path.Combine(AppContext.BaseDirectory, "flights.parquet");

    public IReadOnlyList<string> RowKeys { get; private init; } = [];

    public IReadOnlyList<string> SortKeys { get; private init; } = [];

    public int LeafCount { get; private init; } = 16;

    public string TableName { get; private init; } = "flights";

    public string Folder { get; private init; } = "quickstart-table";

    /// <summary>The arguments, or null after the usage was printed.</summary>
    public static Arguments? Parse(string[] args)
    {
        var arguments = new Arguments();
        for (int i = 0; i < args.Length; i++)
        {
            bool isOption = args[i].StartsWith("--", StringComparison.Ordinal);
            string option = isOption ? args[i] : "FILE";
            string? value = isOption ? args.ElementAtOrDefault(++i) : args[i];
            if (value is null || arguments.With(option, value) is not { } next)
            {
                Console.Error.WriteLine(Usage);
                return null;
            }

            arguments = next;
        }

        return arguments with
        {
            RowKeys = arguments.RowKeys.Count > 0 ? arguments.RowKeys : ["origin"],
            SortKeys = arguments.RowKeys.Count > 0 || arguments.SortKeys.Count > 0 ? arguments.SortKeys : ["date"],
        };
    }

    private Arguments? With(string option, string value) => option switch
    {
        "FILE" => this with { InputPath = value },
        "--row-key" => this with { RowKeys = [.. RowKeys, value] },
        "--sort-key" => this with { SortKeys = [.. SortKeys, value] },
        "--leaves" => int.TryParse(value, out int leaves) && leaves > 0 ? this with { LeafCount = leaves } : null,
        "--table" => this with { TableName = value },
        "--out" => this with { Folder = value },
        _ => null,
    };
}
