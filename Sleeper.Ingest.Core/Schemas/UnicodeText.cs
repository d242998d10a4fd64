using System.Buffers;
using System.Text;

namespace Sleeper.Ingest.Core.Schemas;

/// <summary>What makes a .NET string text that can be stored: UTF-8 has no form for half of a surrogate pair.</summary>
internal static class UnicodeText
{
    /// <summary>False if the text holds half of a surrogate pair.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            if (Rune.DecodeFromUtf16(text, out _, out int consumed) != OperationStatus.Done)
            {
                return false;
            }

            text = text[consumed..];
        }

        return true;
    }
}
