using System.Globalization;

namespace Sleeper.Ingest.TestWorker;

/// <summary>The <c>--name value</c> pairs of a command, and the two signals that tests use to start several workers at one moment.</summary>
internal sealed class WorkerArguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public WorkerArguments(ReadOnlySpan<string> args)
    {
        for (var index = 0; index < args.Length; index += 2)
        {
            if (!args[index].StartsWith("--", StringComparison.Ordinal) || index + 1 == args.Length)
            {
                throw new ArgumentException($"'{args[index]}' is not followed by a value or does not begin with '--'.", nameof(args));
            }

            _values[args[index][2..]] = args[index + 1];
        }
    }

    /// <summary>The same arguments but for one.</summary>
    public WorkerArguments With(string name, string value)
    {
        var changed = new WorkerArguments([]);
        foreach (var (key, old) in _values)
        {
            changed._values[key] = old;
        }

        changed._values[name] = value;
        return changed;
    }

    public string Text(string name) => _values.TryGetValue(name, out var value)
        ? value
        : throw new ArgumentException($"The argument --{name} is missing.", nameof(name));

    public string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    public int Number(string name) => int.Parse(Text(name), CultureInfo.InvariantCulture);

    public int Number(string name, int otherwise) => _values.ContainsKey(name) ? Number(name) : otherwise;

    /// <summary>Says "ready" and waits until the test answers with a line, so that workers of one test begin together.</summary>
    public static async Task WaitForStartAsync()
    {
        await Console.Out.WriteLineAsync("ready");
        _ = await Console.In.ReadLineAsync() ?? throw new InvalidOperationException("The test went away before it said start.");
    }
}
