using System.Diagnostics;
using System.Globalization;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>Makes an input file with DuckDB, so that neither side of a comparison reads a file that it wrote for itself alone.</summary>
internal static class GenerateJob
{
    public static async Task<int> RunAsync(JobOptions options)
    {
        string folder = ScriptFolder();
        if (!Directory.Exists(Path.Combine(folder, "node_modules")) && await StartAsync("npm", folder, "ci") is not 0 and var failure)
        {
            return failure;
        }

        return await StartAsync("node", folder, "generate.mjs", options.Workload, options.Rows.ToString(CultureInfo.InvariantCulture), Path.GetFullPath(options.Output));
    }

    private static async Task<int> StartAsync(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static string ScriptFolder()
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
