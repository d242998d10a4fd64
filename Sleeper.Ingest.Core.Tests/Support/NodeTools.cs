using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The independent readers that come from npm: installed once, as the lock file says, into <c>node/node_modules</c>.</summary>
/// <remarks>
/// A test that needs them calls <see cref="RequireAsync"/> first. Where node or the packages cannot be had the test is skipped with the
/// reason; where the environment says CI=true it fails, so that a build server cannot lose these tests in silence.
/// Several test processes may start at once: the first installs, guarded by a lock file, the others wait.
/// </remarks>
internal static class NodeTools
{
    private static readonly Lazy<Task<string?>> Installation = new(InstallAsync);

    /// <summary>The folder of package.json and the scripts.</summary>
    public static string Folder => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "node");

    public static string ModulesFolder => Path.Combine(Folder, "node_modules");

    /// <summary>Makes sure that the packages are there; otherwise skips the calling test, or fails it where CI=true.</summary>
    public static async Task RequireAsync()
    {
        if (await ProblemAsync() is { } problem)
        {
            Assert.Skip(problem);
        }
    }

    /// <summary>Why the packages cannot be had; null if they are there. Fails the calling test where CI=true.</summary>
    public static async Task<string?> ProblemAsync()
    {
        string? problem = await Installation.Value;
        if (problem is not null && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail($"The independent Parquet readers are required where CI=true. {problem}");
        }

        return problem;
    }

    /// <summary>Runs a script of <see cref="Folder"/> and returns what it printed.</summary>
    public static async Task<string> RunScriptAsync(string script, params string[] arguments)
    {
        await RequireAsync();
        var (exitCode, output, errors) = await RunAsync("node", [Path.Combine(Folder, script), .. arguments]);
        Assert.True(exitCode == 0, $"{script} {string.Join(' ', arguments)} ended with {exitCode}: {errors}");
        return output;
    }

    private static async Task<string?> InstallAsync()
    {
        try
        {
            using var guard = await LockAsync();
            string wanted = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Folder, "package-lock.json"))));
            string stamp = Path.Combine(ModulesFolder, ".installed-from");
            if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == wanted)
            {
                return null;
            }

            var (exitCode, output, errors) = await RunAsync("npm", ["ci", "--no-audit", "--no-fund"]);
            if (exitCode != 0)
            {
                return $"'npm ci' in {Folder} ended with {exitCode} (no network?): {errors}{output}";
            }

            await File.WriteAllTextAsync(stamp, wanted);
            return null;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"node or npm cannot be started ({e.Message}): install node 20 or later.";
        }
    }

    /// <summary>Holds a file open for itself. There is no wait for a file in the base library, so this looks again now and then.</summary>
    private static async Task<FileStream> LockAsync()
    {
        string path = Path.Combine(Folder, ".npm-ci.lock");
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 1200)
            {
                await Task.Delay(100);
            }
        }
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
