using System.Diagnostics;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>The folder of scripts and packages beside this project.</summary>
internal static class CompareFolder
{
    /// <summary>Runs a script of the folder by node; its packages are fetched if they are not there.</summary>
    public static async Task<int> RunAsync(string script, params string[] arguments)
    {
        string folder = await PrepareAsync();
        return await StartAsync("node", folder, [script, .. arguments]);
    }

    /// <summary>The path of DuckDB's library for this platform.</summary>
    public static async Task<string> DuckDbLibraryAsync() => DuckDbLibrary.PathIn(Path.Combine(await PrepareAsync(), "node_modules"));

    private static async Task<string> PrepareAsync()
    {
        string folder = Find();
        return Directory.Exists(Path.Combine(folder, "node_modules")) || await StartAsync("npm", folder, ["ci", "--no-audit", "--no-fund"]) == 0
            ? folder
            : throw new InvalidOperationException($"'npm ci' failed in '{folder}'; its message is above.");
    }

    private static async Task<int> StartAsync(string program, string folder, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string scripts = Path.Combine(folder.FullName, "compare");
            if (File.Exists(Path.Combine(scripts, "generate.mjs")))
            {
                return scripts;
            }
        }

        throw new ArgumentException("The folder 'compare' with generate.mjs is not beside this project: run it from the source tree.");
    }
}
