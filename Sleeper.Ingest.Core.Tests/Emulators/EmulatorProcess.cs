using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>A server in a process of its own: it says on which port it listens, and ends when its standard input ends.</summary>
/// <remarks>
/// The write end of that pipe is ours alone, so the operating system closes it when this process ends in whatever way, and no server outlives a test run
/// that was killed. The server asks the operating system for a port, so nobody can take it in between.
/// </remarks>
internal sealed class EmulatorProcess : IAsyncDisposable
{
    private const string Greeting = "listening ";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private EmulatorProcess(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Id => _process.Id;

    public int Port { get; }

    public bool HasEnded => _process.HasExited;

    /// <summary>Starts a program with its arguments and waits until it listens.</summary>
    /// <exception cref="EmulatorMissingException">It cannot be started, or ended before it listened.</exception>
    public static async Task<EmulatorProcess> StartAsync(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var process = new Process { StartInfo = start };
        var errors = new StringBuilder();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                errors.AppendLine(line.Data);
            }
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            process.Dispose();
            throw new EmulatorMissingException($"'{program}' cannot be started ({error.Message}).");
        }

        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(StartLimit);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith(Greeting, StringComparison.Ordinal))
                {
                    return new EmulatorProcess(process, int.Parse(line[Greeting.Length..], CultureInfo.InvariantCulture));
                }
            }

            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync(CancellationToken.None);
        int code = process.ExitCode;
        process.Dispose();
        lock (errors)
        {
            throw new EmulatorMissingException($"'{program} {string.Join(' ', start.ArgumentList)}' ended with {code} before it listened: {errors.ToString().Trim()}");
        }
    }

    /// <summary>Ends it at once, as kill -9 does.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
