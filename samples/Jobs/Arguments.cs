using System.Globalization;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>A command line: a command, what follows it, and options.</summary>
internal sealed class Arguments
{
    private static readonly string[] Switches = ["--once", "--until-empty", "--unfinished", "--rejected", "--watch", "--ecs"];
    private readonly List<string> _values = [];
    private readonly List<(string Option, string Value)> _options = [];

    public Arguments(string[] args)
    {
        Command = args.FirstOrDefault() ?? "";
        for (int i = 1; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                _values.Add(args[i]);
            }
            else if (Switches.Contains(args[i]))
            {
                _options.Add((args[i], ""));
            }
            else
            {
                string option = args[i];
                _options.Add((option, ++i < args.Length ? args[i] : throw new ArgumentException($"{option} has no value.")));
            }
        }
    }

    public string Command { get; }

    /// <summary>What is no option, from the first one asked for on.</summary>
    public IReadOnlyList<string> From(int index) => [.. _values.Skip(index)];

    public string Value(int index, string name) => index < _values.Count ? _values[index] : throw new ArgumentException($"{name} is missing.");

    public bool Has(string option) => _options.Any(o => o.Option == option);

    public string? Option(string option) => _options.FindLast(o => o.Option == option).Value;

    public IReadOnlyList<string> Options(string option) => [.. _options.Where(o => o.Option == option).Select(o => o.Value)];

    public int Number(string option, int otherwise) => Option(option) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number
        : throw new ArgumentException($"{option} needs a positive number, not '{text}'.");
}
