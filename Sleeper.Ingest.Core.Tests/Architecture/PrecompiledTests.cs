using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>Release builds of the library have native code, so that the processes that use it need not compile it first.</summary>
public sealed class PrecompiledTests
{
    private const bool IsAsked =
#if DEBUG || NOT_PRECOMPILED
        false;
#else
        true;
#endif

    [Fact]
    public void The_library_that_the_tests_run_has_native_code()
    {
        Assert.SkipUnless(IsAsked, "The build was a Debug build or was told -p:Precompile=false.");
        Assert.SkipUnless(RuntimeInformation.RuntimeIdentifier == "linux-x64", "Native code is promised for linux-x64.");

        using var file = new PEReader(File.OpenRead(typeof(IngestException).Assembly.Location));

        CorHeader header = file.PEHeaders.CorHeader!;
        Assert.True(header.ManagedNativeHeaderDirectory.Size > 0, "The library is plain IL: its Release build left out the target Precompile.");
        Assert.True(header.Flags.HasFlag(CorFlags.ILLibrary), "The native code took the place of the IL instead of standing beside it.");
    }
}
