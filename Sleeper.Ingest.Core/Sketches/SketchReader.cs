using System.Buffers.Binary;
using System.Numerics;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>Reads a sketches file, of this library or of another. See <see cref="SketchFormat"/>.</summary>
internal static class SketchReader
{
    /// <summary>Reads the sketches of a file, one for each row key field, in schema order. Bytes after the last entry are ignored.</summary>
    /// <remarks>Others may have sorted levels, and found extremes, by unsigned bytes: they are given as they stand.</remarks>
    /// <exception cref="SketchFormatException">The file is too short, or an entry is not the image of a sketch.</exception>
    public static QuantileSketch[] Read(Schema schema, ReadOnlySpan<byte> file)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var sketches = new QuantileSketch[schema.RowKeyFields.Count];
        int position = 0;
        for (int i = 0; i < sketches.Length; i++)
        {
            var field = schema.RowKeyFields[i];
            if (file.Length - position < SketchFormat.LengthPrefixBytes)
            {
                throw new SketchFormatException(field.Name, position, $"{file.Length - position} bytes are left where the 4 bytes of a length must be.");
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(file[position..]);
            if (length < 0 || length > file.Length - position - SketchFormat.LengthPrefixBytes)
            {
                throw new SketchFormatException(
                    field.Name, position, $"its length is given as {length} bytes, but {file.Length - position - SketchFormat.LengthPrefixBytes} are left.");
            }

            position += SketchFormat.LengthPrefixBytes;
            sketches[i] = ReadImage(field, file.Slice(position, length), position);
            position += length;
        }

        return sketches;
    }

    private static QuantileSketch ReadImage(Field field, ReadOnlySpan<byte> image, int offset)
    {
        CheckPreamble(field, image, offset);
        int k = BinaryPrimitives.ReadUInt16LittleEndian(image[4..]);
        if (!SketchFormat.IsLegalK(k))
        {
            throw new SketchFormatException(field.Name, offset + 4, $"K is {k}, not a power of two from 2 to 32768.");
        }

        if ((image[3] & SketchFormat.EmptyFlag) != 0)
        {
            return QuantileSketch.Create(field.Type, SketchSeed.BitsFor("", field.Name), k);
        }

        long count = BinaryPrimitives.ReadInt64LittleEndian(image[8..]);
        var items = image[SketchFormat.PreambleBytes..];
        CheckCount(field, k, count, items.Length, offset);
        var sketch = QuantileSketch.Create(field.Type, SketchSeed.BitsFor("", field.Name), k);
        if (sketch.ReadItems(items, count) < 0)
        {
            throw new SketchFormatException(
                field.Name, offset + SketchFormat.PreambleBytes, $"its items end before the {2 + sketch.RetainedCount} that {count} values leave, or one has an impossible length.");
        }

        return sketch;
    }

    private static void CheckPreamble(Field field, ReadOnlySpan<byte> image, int offset)
    {
        if (image.Length < SketchFormat.EmptyImageBytes)
        {
            throw new SketchFormatException(field.Name, offset, $"{image.Length} bytes are less than the shortest sketch, 8.");
        }

        var (words, version, family, flags) = (image[0], image[1], image[2], image[3]);
        string? fault = version is < SketchFormat.OldestVersion or > SketchFormat.Version ? $"the version is {version}; 2 and 3 are known."
            : version == SketchFormat.Version && (flags & SketchFormat.CompactFlag) == 0 ? $"the flags are 0x{flags:x2}, without 0x08: only compact sketches can be read."
            : (flags & ~SketchFormat.KnownFlags) != 0 ? $"the flags are 0x{flags:x2}; only 0x02, 0x04, 0x08 and 0x10 are known."
            : words != ((flags & SketchFormat.EmptyFlag) != 0 ? SketchFormat.EmptyPreambleWords : SketchFormat.PreambleWords)
                ? $"a preamble of {words} words does not go with the flags 0x{flags:x2}: an empty sketch has 1, any other 2."
            : image.Length < 8 * words ? $"{image.Length} bytes are less than its preamble of {words} words."
            : family != SketchFormat.Family ? $"the family is {family}, not 8 (quantiles)."
            : null;
        if (fault is not null)
        {
            throw new SketchFormatException(field.Name, offset, fault);
        }
    }

    /// <summary>A count is a claim: before memory is taken for its items, the fewest bytes they can take must be there.</summary>
    private static void CheckCount(Field field, int k, long count, int itemBytes, int offset)
    {
        if (count <= 0)
        {
            throw new SketchFormatException(field.Name, offset + 8, $"it counts {count} values, but is not marked as empty.");
        }

        long items = 2 + (count % (2 * k)) + ((long)k * BitOperations.PopCount((ulong)(count / (2 * k))));
        long needed = items * SketchFormat.MinItemBytes(field.Type);
        if (needed > itemBytes)
        {
            throw new SketchFormatException(
                field.Name, offset + SketchFormat.PreambleBytes, $"{count} values leave {items} items of at least {needed} bytes, but {itemBytes} bytes are there.");
        }
    }
}
