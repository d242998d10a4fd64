namespace Sleeper.Ingest.Core.Samples.LiveInstance;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    private const string Usage = """
        usage: dotnet run -c Release --project samples/LiveInstance -- --instance ID [--endpoint URL] [--deploy yes] [--table NAME] [--day N]

          --instance  the id of a deployed Sleeper instance, at most 20 characters
          --endpoint  another service than AWS, for example an emulator at http://localhost:5000   default: what the AWS SDK finds
          --deploy    yes: first makes the buckets, DynamoDB tables and queue of a small instance, in an emulator
                      (a real one is deployed with Sleeper's own tools)                            default: no
          --table     the table's name; it is made if the instance does not have it                default: readings
          --day       which day's readings are ingested: 1 for yesterday's; a day is added once,
                      and of days older than a week the table's filter keeps nothing               default: 1

        Credentials and region come from where the AWS SDK looks for them: environment, profile, role. With an emulator (pip install 'moto[server]==5.2.1'; moto_server -p 5000):

          export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_REGION=us-east-1
          dotnet run -c Release --project samples/LiveInstance -- --instance demo --endpoint http://localhost:5000 --deploy yes
        """;

    public string Instance { get; private init; } = "";

    public string? Endpoint { get; private init; }

    public bool Deploys { get; private init; }

    public string TableName { get; private init; } = "readings";

    public int Day { get; private init; } = 1;

    /// <summary>The arguments, or null after the usage was printed.</summary>
    public static Arguments? Parse(string[] args)
    {
        var arguments = new Arguments();
        for (int i = 0; i < args.Length && arguments is not null; i += 2)
        {
            arguments = i + 1 < args.Length ? arguments.With(args[i], args[i + 1]) : null;
        }

        if (arguments is { Instance.Length: > 0 and <= 20 } && (!arguments.Deploys || arguments.Endpoint is not null))
        {
            return arguments;
        }

        Console.Error.WriteLine(Usage);
        return null;
    }

    private Arguments? With(string option, string value) => option switch
    {
        "--instance" => this with { Instance = value },
        "--endpoint" => this with { Endpoint = value },
        "--deploy" => this with { Deploys = value == "yes" },
        "--table" => this with { TableName = value },
        "--day" => int.TryParse(value, out int day) && day > 0 ? this with { Day = day } : null,
        _ => null,
    };
}
