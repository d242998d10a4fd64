using System.Runtime.InteropServices;

namespace Sleeper.Ingest.TestWorker;

/// <summary>The switch of the preloaded library <c>faults.c</c>, which lets system calls of this process fail.</summary>
internal static unsafe class SystemCallFaults
{
    private static readonly delegate* unmanaged<byte*, byte*, nint, nint, nint, nint, nint> ArmFunction = Find();

    /// <summary>Lets the <paramref name="at"/>-th call of a kind below the folders fail (0: none). Returns how many calls were counted since the last time.</summary>
    public static int Arm(string folders, string kinds, int at, int error, bool late, bool always)
    {
        var foldersText = Marshal.StringToCoTaskMemUTF8(folders);
        var kindsText = Marshal.StringToCoTaskMemUTF8(kinds);
        try
        {
            return checked((int)ArmFunction((byte*)foldersText, (byte*)kindsText, at, error, late ? 1 : 0, always ? 1 : 0));
        }
        finally
        {
            Marshal.FreeCoTaskMem(foldersText);
            Marshal.FreeCoTaskMem(kindsText);
        }
    }

    private static delegate* unmanaged<byte*, byte*, nint, nint, nint, nint, nint> Find()
    {
        var path = Environment.GetEnvironmentVariable("LD_PRELOAD") ?? throw new InvalidOperationException("LD_PRELOAD does not name the library.");
        return (delegate* unmanaged<byte*, byte*, nint, nint, nint, nint, nint>)NativeLibrary.GetExport(NativeLibrary.Load(path), "fault_arm");
    }
}
