using System.Buffers.Binary;
using System.Text;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Values as sketches take and write them.</summary>
internal static class SketchValues
{
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>An item as an image has it.</summary>
    public static byte[] Item(long value)
    {
        byte[] item = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(item, value);
        return item;
    }

    /// <inheritdoc cref="Item(long)"/>
    public static byte[] Item(byte[] value)
    {
        byte[] item = new byte[4 + value.Length];
        BinaryPrimitives.WriteInt32LittleEndian(item, value.Length);
        value.CopyTo(item, 4);
        return item;
    }

    /// <summary>Signed bytes, then shorter first.</summary>
    public static int CompareSigned(byte[] left, byte[] right)
    {
        for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            if (left[i] != right[i])
            {
                return ((sbyte)left[i]).CompareTo((sbyte)right[i]);
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    /// <summary>Adds byte strings as one batch, which starts some way into its data.</summary>
    public static void Update(QuantileSketch sketch, IReadOnlyCollection<byte[]> values)
    {
        var data = new List<byte> { 0xAA, 0xBB, 0xCC };
        var offsets = new List<int> { data.Count };
        foreach (byte[] value in values)
        {
            data.AddRange(value);
            offsets.Add(data.Count);
        }

        data.Add(0xDD);
        sketch.Update(data.ToArray(), offsets.ToArray());
    }

    public static QuantileSketch Create(FieldType type, int k = QuantileSketch.DefaultK, long seed = 0) =>
        QuantileSketch.Create(type, new JavaRandomBits(seed), k);

    public static byte[] Image(QuantileSketch sketch)
    {
        byte[] image = new byte[sketch.ImageBytes()];
        sketch.WriteImage(image);
        return image;
    }

    public static byte[] Hex(string hex) => Convert.FromHexString(string.Concat(hex.Where(c => !char.IsWhiteSpace(c))));
}
