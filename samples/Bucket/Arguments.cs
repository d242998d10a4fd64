namespace Sleeper.Ingest.Core.Samples.Bucket;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    private const string Usage = """
        usage: dotnet run -c Release --project samples/Bucket -- --bucket NAME [--endpoint URL] [--region NAME] [--prefix KEYS] [--table NAME] [--day N]

          --bucket    an S3 bucket that exists, and that you may read from and write to
          --endpoint  another service than AWS, for example http://localhost:9000             default: what the AWS SDK finds
          --region    the bucket's region                                                     default: what the AWS SDK finds
          --prefix    what all keys begin with                                                default: sleeper-sample
          --table     the table's name                                                        default: readings
          --day       which day's readings are ingested, from 1; a day is added once          default: 1

        Credentials come from where the AWS SDK looks for them: environment, profile, role. With an emulator (pip install 'moto[server]==5.2.1'; moto_server -p 5000):

          export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_REGION=us-east-1
          curl -X PUT http://localhost:5000/sample
          dotnet run -c Release --project samples/Bucket -- --bucket sample --endpoint http://localhost:5000
        """;

    public string Bucket { get; private init; } = "";

    public string? Endpoint { get; private init; }

    public string? Region { get; private init; }

    public string Prefix { get; private init; } = "sleeper-sample";

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

        if (arguments is { Bucket.Length: > 0 })
        {
            return arguments;
        }

        Console.Error.WriteLine(Usage);
        return null;
    }

    private Arguments? With(string option, string value) => option switch
    {
        "--bucket" => this with { Bucket = value },
        "--endpoint" => this with { Endpoint = value },
        "--region" => this with { Region = value },
        "--prefix" => this with { Prefix = value },
        "--table" => this with { TableName = value },
        "--day" => int.TryParse(value, out int day) && day > 0 ? this with { Day = day } : null,
        _ => null,
    };
}
