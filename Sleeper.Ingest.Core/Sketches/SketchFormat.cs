using System.Numerics;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>The layout of a sketches file, used by its writer and its reader.</summary>
/// <remarks>
/// <code>
/// file    entry *              one for each row key field, in schema order; nothing before, between or after
/// entry   i32 BE  length of the image
///         image
/// image   u8      preamble length in words of 8 bytes: 1 if empty, else 2
///         u8      version: 3 (2 is read too)
///         u8      family: 8
///         u8      flags: 0x01 big-endian (never), 0x02 read-only, 0x04 empty, 0x08 compact (always), 0x10 base buffer is sorted
///         u16 LE  K, a power of two from 2 to 32768
///         u16     unused, 0
///         i64 LE  n, the number of values added          from here on only if n > 0
///         item    the smallest value
///         item    the largest value
///         item *  base buffer: n mod 2K values, in the order of arrival
///         item *  level 0, 1, 2, ... for each bit set in n div 2K, the lowest first: K values, ascending
/// item    i64 LE                  int (widened) and long fields
///         i32 LE length, bytes    string (UTF-8) and byte array fields
/// </code>
/// An item of the base buffer stands for one value, an item of level l for 2^(l+1); all together for n. Not compressed, no checksum.
/// </remarks>
internal static class SketchFormat
{
    public const int LengthPrefixBytes = 4;
    public const int EmptyImageBytes = 8;
    public const int PreambleBytes = 16;

    public const byte EmptyPreambleWords = 1;
    public const byte PreambleWords = 2;
    public const byte Version = 3;
    public const byte OldestVersion = 2;
    public const byte Family = 8;

    public const byte ReadOnlyFlag = 0x02;
    public const byte EmptyFlag = 0x04;
    public const byte CompactFlag = 0x08;
    public const byte OrderedFlag = 0x10;
    public const byte KnownFlags = ReadOnlyFlag | EmptyFlag | CompactFlag | OrderedFlag;

    public const int MinK = 2;
    public const int MaxK = 32768;

    public static bool IsLegalK(int k) => k is >= MinK and <= MaxK && BitOperations.IsPow2(k);

    /// <summary>True if items are strings of bytes, false if they are 64-bit integers.</summary>
    public static bool HasByteItems(FieldType type) => type.Kind is FieldTypeKind.String or FieldTypeKind.ByteArray;

    /// <summary>The fewest bytes that an item takes.</summary>
    public static int MinItemBytes(FieldType type) => HasByteItems(type) ? 4 : 8;
}
