using System.Runtime.Intrinsics.X86;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>Whether the processor is quick at gathering chosen bits of a word (PEXT) and at putting them back (PDEP).</summary>
/// <remarks>AMD processors before Zen 3 (family 19h) have the instructions, but take up to hundreds of cycles for one.</remarks>
internal static class BitGathering
{
    public static readonly bool IsQuick = Look();

    private static bool Look()
    {
        if (!Bmi2.X64.IsSupported)
        {
            return false;
        }

        (_, int vendor, _, _) = X86Base.CpuId(0, 0);
        (int version, _, _, _) = X86Base.CpuId(1, 0);
        int family = ((version >> 8) & 0xF) + ((version >> 20) & 0xFF);
        const int Auth = 0x68747541; // the first letters of "AuthenticAMD"
        return vendor != Auth || family >= 0x19;
    }
}
