using System.Diagnostics;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A small file system in memory, mounted for a test and unmounted when it is disposed.</summary>
internal sealed class MountedDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private MountedDisk() => Directory.CreateDirectory(Path);

    /// <summary>Where it is mounted.</summary>
    public string Path => System.IO.Path.Combine(_folder.Path, "disk");

    /// <summary>Mounts one; skips the calling test where that is not allowed.</summary>
    /// <param name="size">As <c>mount</c> takes it.</param>
    public static MountedDisk CreateOrSkip(string size)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a tiny file system; run the tests as root.");
        var disk = new MountedDisk();
        if (Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", disk.Path) != 0)
        {
            disk._folder.Dispose();
            Assert.Skip("Mounting is refused here, although this is root: the container lacks CAP_SYS_ADMIN.");
        }

        return disk;
    }

    /// <summary>Mounts it anew, for reading only or for writing too.</summary>
    public void Remount(bool isReadOnly) => Assert.Equal(0, Run("mount", "-o", isReadOnly ? "remount,ro" : "remount,rw", Path));

    public void Dispose()
    {
        Run("umount", Path);
        _folder.Dispose();
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
