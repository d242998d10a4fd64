using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>The system's libzstd, found by name when it is first needed.</summary>
/// <remarks>
/// Functions are taken as pointers from a library opened by hand rather than by import attributes: the distributions ship only
/// <c>libzstd.so.1</c> without the development package, a process may hold one import resolver an assembly, and a library that is not there
/// must be an answer, not an exception in the middle of a file. Thread-safe; contexts are not.
/// </remarks>
internal static unsafe class ZstdLibrary
{
    private static readonly string[] Names = ["libzstd.so.1", "libzstd.dylib", "libzstd.1.dylib", "libzstd.dll", "libzstd"];

    private static readonly Lazy<Functions?> Loaded = new(Load);

    /// <summary>True if zstd pages can be written and read in this process.</summary>
    public static bool IsAvailable => Loaded.Value is not null;

    /// <summary>The functions of the library.</summary>
    /// <exception cref="IngestException">No library could be loaded; the message says how to install it.</exception>
    public static Functions Get() => Loaded.Value ?? throw new IngestException(
        $"Zstandard pages need the native library libzstd 1.4 or later, which could not be loaded (tried {string.Join(", ", Names)}). " +
        "Install it (Debian and Ubuntu: apt-get install libzstd1; Alpine: apk add zstd-libs; Red Hat: dnf install libzstd; macOS: brew install zstd; " +
        "Windows: put libzstd.dll beside the application), or choose another codec.");

    /// <summary>The name of an error code.</summary>
    public static string ErrorName(Functions functions, nuint code) => Marshal.PtrToStringUTF8((nint)functions.GetErrorName(code)) ?? "unknown error";

    private static Functions? Load()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, typeof(ZstdLibrary).Assembly, null, out nint library) && Functions.TryBind(library, out Functions? functions))
            {
                return functions;
            }
        }

        return null;
    }

    /// <summary>Entry points; names as in zstd.h.</summary>
    internal sealed class Functions
    {
        public readonly delegate* unmanaged<nint> CreateCompressionContext;
        public readonly delegate* unmanaged<nint, nuint> FreeCompressionContext;
        public readonly delegate* unmanaged<nint, byte*, nuint, byte*, nuint, int, nuint> Compress;
        public readonly delegate* unmanaged<nuint, nuint> CompressBound;
        public readonly delegate* unmanaged<nint> CreateDecompressionContext;
        public readonly delegate* unmanaged<nint, nuint> FreeDecompressionContext;
        public readonly delegate* unmanaged<nint, byte*, nuint, byte*, nuint, nuint> Decompress;
        public readonly delegate* unmanaged<nuint, uint> IsError;
        public readonly delegate* unmanaged<nuint, byte*> GetErrorName;
        public readonly delegate* unmanaged<int> MaxLevel;
        public readonly delegate* unmanaged<int> MinLevel;

        private Functions(ReadOnlySpan<nint> entries)
        {
            CreateCompressionContext = (delegate* unmanaged<nint>)entries[0];
            FreeCompressionContext = (delegate* unmanaged<nint, nuint>)entries[1];
            Compress = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, int, nuint>)entries[2];
            CompressBound = (delegate* unmanaged<nuint, nuint>)entries[3];
            CreateDecompressionContext = (delegate* unmanaged<nint>)entries[4];
            FreeDecompressionContext = (delegate* unmanaged<nint, nuint>)entries[5];
            Decompress = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, nuint>)entries[6];
            IsError = (delegate* unmanaged<nuint, uint>)entries[7];
            GetErrorName = (delegate* unmanaged<nuint, byte*>)entries[8];
            MaxLevel = (delegate* unmanaged<int>)entries[9];
            MinLevel = (delegate* unmanaged<int>)entries[10];
        }

        public static bool TryBind(nint library, out Functions? functions)
        {
            string[] names =
            [
                "ZSTD_createCCtx", "ZSTD_freeCCtx", "ZSTD_compressCCtx", "ZSTD_compressBound",
                "ZSTD_createDCtx", "ZSTD_freeDCtx", "ZSTD_decompressDCtx", "ZSTD_isError", "ZSTD_getErrorName", "ZSTD_maxCLevel", "ZSTD_minCLevel",
            ];
            var entries = new nint[names.Length];
            functions = null;
            for (int i = 0; i < names.Length; i++)
            {
                if (!NativeLibrary.TryGetExport(library, names[i], out entries[i]))
                {
                    return false;
                }
            }

            functions = new Functions(entries);
            return true;
        }
    }
}
