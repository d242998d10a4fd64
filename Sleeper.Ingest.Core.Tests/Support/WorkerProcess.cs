using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A running process of the test worker program (<c>Workers/Sleeper.Ingest.TestWorker</c>): started, spoken to in lines, killed.</summary>
/// <remarks>Disposing kills it if it still runs. Every wait has a limit, so a worker that hangs fails its test instead of the run.</remarks>
internal sealed class WorkerProcess : IAsyncDisposable
{
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    private const string ProgramName = "Sleeper.Ingest.TestWorker.dll";

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _errors = new();

    private WorkerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => _ = line.Data is null ? _lines.Writer.TryComplete() : _lines.Writer.TryWrite(line.Data);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
    }

    /// <summary>The operating system's number of the process (of the launcher, if there is one).</summary>
    public int Id => _process.Id;

    /// <summary>What it wrote to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts a command with its arguments (<c>"--root", folder, ...</c>).</summary>
    public static WorkerProcess Start(string command, params IEnumerable<string> arguments) => StartUnder([], command, arguments);

    /// <summary>
    /// Lets workers that say "ready" and wait for "start" begin at the same moment; gives the other lines of each once all have ended well. They are disposed of.
    /// </summary>
    public static async Task<List<string>[]> RaceAsync(IReadOnlyList<WorkerProcess> workers, TimeSpan? limit = null)
    {
        try
        {
            foreach (var worker in workers)
            {
                await worker.ExpectLineAsync("ready");
            }

            foreach (var worker in workers)
            {
                await worker.WriteLineAsync("start");
            }

            return await Task.WhenAll(workers.Select(async worker =>
            {
                var lines = await worker.ReadToEndAsync(limit);
                await worker.ExpectSuccessAsync();
                return lines;
            }));
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }
    }

    /// <summary>Starts a command under another program, for example <c>strace</c> with its options.</summary>
    public static WorkerProcess StartUnder(IEnumerable<string> launcher, string command, params IEnumerable<string> arguments) =>
        StartFrom(ProgramFolder(), launcher, command, arguments);

    /// <summary>Starts a command of a copy of the program, whose library may have been changed.</summary>
    public static WorkerProcess StartFrom(string programFolder, IEnumerable<string> launcher, string command, params IEnumerable<string> arguments)
    {
        string[] words = [.. launcher, DotnetPath(), Path.Combine(programFolder, ProgramName), command, .. arguments];
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (programFolder != ProgramFolder())
        {
            // A change is made to IL, which the runtime does not look at where the library has native code too.
            start.Environment["DOTNET_ReadyToRunExcludeList"] = "Sleeper.Ingest.Core";
        }

        var worker = new WorkerProcess(new Process { StartInfo = start });
        worker._process.Start();
        worker._process.BeginOutputReadLine();
        worker._process.BeginErrorReadLine();
        return worker;
    }

    /// <summary>The next line of standard output; null at its end.</summary>
    public async Task<string?> ReadLineAsync(TimeSpan? limit = null)
    {
        using var timeout = NewTimeout(limit);
        try
        {
            return await _lines.Reader.WaitToReadAsync(timeout.Token) && _lines.Reader.TryRead(out var line) ? line : null;
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The worker {Id} wrote no line in time. Its errors: {Errors}");
        }
    }

    /// <summary>All lines of standard output until it ends.</summary>
    public async Task<List<string>> ReadToEndAsync(TimeSpan? limit = null)
    {
        List<string> lines = [];
        while (await ReadLineAsync(limit) is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Reads lines until this one, and fails if it does not come.</summary>
    public async Task ExpectLineAsync(string expected, TimeSpan? limit = null)
    {
        while (await ReadLineAsync(limit) is { } line)
        {
            if (line == expected)
            {
                return;
            }
        }

        Assert.Fail($"The worker {Id} ended without the line '{expected}'. Its errors: {Errors}");
    }

    /// <summary>Sends a line to standard input.</summary>
    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Ends the process and its children at once, as kill -9 does, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await WaitForExitAsync();
    }

    /// <summary>Waits for the end and returns the exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? limit = null)
    {
        using var timeout = NewTimeout(limit);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The worker {Id} did not end in time. Its errors: {Errors}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits for the end and fails unless the exit code is 0.</summary>
    public async Task ExpectSuccessAsync(TimeSpan? limit = null)
    {
        var code = await WaitForExitAsync(limit);
        Assert.True(code == 0, $"The worker {Id} ended with {code}. Its errors: {Errors}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    /// <summary>Where the program is with all that it needs.</summary>
    /// <remarks>The tests run from .../Sleeper.Ingest.Core.Tests/bin/(configuration)/(framework)/; the worker is built beside them in the same way.</remarks>
    public static string ProgramFolder()
    {
        var output = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var project = output.Parent!.Parent!.Parent!.FullName;
        var folder = Path.Combine(project, "Workers", "Sleeper.Ingest.TestWorker", "bin", output.Parent.Name, output.Name);
        Assert.True(File.Exists(Path.Combine(folder, ProgramName)), $"The test worker is not built: '{ProgramName}' is missing in '{folder}'. Build the solution first.");
        return folder;
    }

    // The runtime's folder is <root>/shared/Microsoft.NETCore.App/<version>/.
    private static string DotnetPath()
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
    }

    private static CancellationTokenSource NewTimeout(TimeSpan? limit)
    {
        var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(limit ?? DefaultLimit);
        return timeout;
    }
}
