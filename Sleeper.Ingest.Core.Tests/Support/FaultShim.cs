using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The library <c>Faults/Native/faults.c</c> that kills a process, or lets it fail, at the n-th system call that changes a file below given folders.</summary>
/// <remarks>It is compiled once, with gcc, beside the tests. Where there is no gcc the test is skipped with the reason; where CI=true it fails.</remarks>
internal static class FaultShim
{
    private static readonly Lazy<(string? Path, string? Problem)> Library = new(Build);

    /// <summary>The path of the compiled library; skips the calling test, or fails it where CI=true, if it cannot be made.</summary>
    public static string RequirePath()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "System calls are hit by a preloaded library, which is written for Linux.");
        var (path, problem) = Library.Value;
        if (path is null)
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", problem!);
            Assert.Fail($"The build machine must be able to hit system calls. {problem}");
        }

        return path;
    }

    /// <summary>The words before a command that let it run with the library.</summary>
    /// <param name="folders">Only calls on files below these count.</param>
    /// <param name="at">The number of the call to hit, from 1; 0 for none.</param>
    /// <param name="settings">Further settings, as <c>FAULT_ERROR=5</c>; without, the process is killed at the call.</param>
    public static IEnumerable<string> Launcher(IEnumerable<string> folders, int at, params IEnumerable<string> settings) =>
    [
        "/usr/bin/env", $"LD_PRELOAD={RequirePath()}", $"FAULT_PATHS={string.Join(':', folders)}",
        string.Create(CultureInfo.InvariantCulture, $"FAULT_AT={at}"), "DOTNET_TieredPGO=0", .. settings,
    ];

    private static (string? Path, string? Problem) Build()
    {
        string source = RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Faults", "Native", "faults.c");
        string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(source)))[..16];
        string target = Path.Combine(AppContext.BaseDirectory, $"faults-{hash}.so");
        if (File.Exists(target))
        {
            return (target, null);
        }

        string unfinished = $"{target}.{Environment.ProcessId}";
        try
        {
            using var process = Process.Start(new ProcessStartInfo("gcc", ["-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", unfinished, source, "-ldl"])
            {
                RedirectStandardError = true,
            })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                return (null, $"gcc could not compile '{source}': {errors}");
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (null, $"gcc cannot be started ({e.Message}): install the packages gcc and libc6-dev.");
        }

        File.Move(unfinished, target, overwrite: true);
        return (target, null);
    }
}
