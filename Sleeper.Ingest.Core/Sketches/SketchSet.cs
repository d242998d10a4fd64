using System.Buffers;
using System.Buffers.Binary;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>The sketches of one data file, one for each row key field, and the sketches file they make. See <see cref="SketchFormat"/>.</summary>
/// <remarks>
/// Feed the row keys of every row written, in the order of the file; then <see cref="Write"/>, then <see cref="Reset"/> for the next file.
/// One a worker: not thread-safe. Memory is kept from file to file.
/// </remarks>
internal sealed class SketchSet
{
    private readonly Schema _schema;
    private readonly Func<string, string, ISketchBits> _bitsFor;
    private readonly QuantileSketch[] _sketches;

    /// <summary>Makes the sketches for files of a schema. The first file's leaf is given by the first <see cref="Reset"/>, or is the empty id.</summary>
    /// <param name="schema">Its row keys are sketched.</param>
    /// <param name="bitsFor">Gives the bits for a leaf and a field; null, the default, for those of <see cref="SketchSeed"/>.</param>
    /// <param name="k">A power of two; the original uses the default everywhere.</param>
    public SketchSet(Schema schema, Func<string, string, ISketchBits>? bitsFor = null, int k = QuantileSketch.DefaultK)
    {
        _schema = schema;
        _bitsFor = bitsFor ?? SketchSeed.BitsFor;
        _sketches = [.. schema.RowKeyFields.Select(f => QuantileSketch.Create(f.Type, _bitsFor("", f.Name), k))];
    }

    /// <summary>The number of fields, all of them row keys.</summary>
    public int Count => _sketches.Length;

    /// <summary>The sketch of a row key field, by its position in the schema. Values may be added to it.</summary>
    public QuantileSketch this[int rowKeyIndex] => _sketches[rowKeyIndex];

    /// <summary>Memory held, in bytes, for the budget.</summary>
    public long HeldBytes
    {
        get
        {
            long held = 0;
            foreach (var sketch in _sketches)
            {
                held += sketch.HeldBytes;
            }

            return held;
        }
    }

    /// <summary>Empties all sketches for a file of a leaf.</summary>
    /// <param name="leafId">The id of the leaf partition; of the root partition for a file that several leaves share.</param>
    public void Reset(string leafId)
    {
        ArgumentNullException.ThrowIfNull(leafId);
        for (int i = 0; i < _sketches.Length; i++)
        {
            _sketches[i].Reset(_bitsFor(leafId, _schema.RowKeyFields[i].Name));
        }
    }

    /// <summary>Adds values of a long field.</summary>
    public void Update(int rowKeyIndex, ReadOnlySpan<long> values) => _sketches[rowKeyIndex].Update(values);

    /// <summary>Adds values of an int field.</summary>
    public void Update(int rowKeyIndex, ReadOnlySpan<int> values) => _sketches[rowKeyIndex].Update(values);

    /// <summary>Adds values of a string field (in UTF-8) or byte array field: value i is <c>data[offsets[i]..offsets[i + 1]]</c>.</summary>
    public void Update(int rowKeyIndex, ReadOnlySpan<byte> data, ReadOnlySpan<int> offsets) => _sketches[rowKeyIndex].Update(data, offsets);

    /// <summary>Writes the sketches file. The sketches are not changed.</summary>
    /// <param name="rowCount">The rows of the data file, which is what every sketch must have counted.</param>
    /// <param name="output">Is asked for one span an entry.</param>
    /// <exception cref="InvalidOperationException">A sketch has another count, or its image is too long for the file's 32-bit length.</exception>
    public void Write(long rowCount, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        for (int i = 0; i < _sketches.Length; i++)
        {
            CheckCount(i, rowCount);
        }

        for (int i = 0; i < _sketches.Length; i++)
        {
            int length = ImageLength(i);
            var entry = output.GetSpan(SketchFormat.LengthPrefixBytes + length)[..(SketchFormat.LengthPrefixBytes + length)];
            BinaryPrimitives.WriteInt32BigEndian(entry, length);
            _sketches[i].WriteImage(entry[SketchFormat.LengthPrefixBytes..]);
            output.Advance(entry.Length);
        }
    }

    /// <summary>The sketches file as an array; see <see cref="Write"/>.</summary>
    public byte[] ToArray(long rowCount)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(rowCount, output);
        return output.WrittenSpan.ToArray();
    }

    private void CheckCount(int rowKeyIndex, long rowCount)
    {
        if (_sketches[rowKeyIndex].Count != rowCount)
        {
            throw new InvalidOperationException(
                $"The sketch of row key field '{_schema.RowKeyFields[rowKeyIndex].Name}' counted {_sketches[rowKeyIndex].Count} values, but the data file has {rowCount} rows. Every row written must be added once, in all fields.");
        }
    }

    private int ImageLength(int rowKeyIndex)
    {
        long length = _sketches[rowKeyIndex].ImageBytes();
        return length <= Array.MaxLength - SketchFormat.LengthPrefixBytes
            ? (int)length
            : throw new InvalidOperationException(
                $"The sketch of row key field '{_schema.RowKeyFields[rowKeyIndex].Name}' takes {length:N0} bytes, more than an array can hold. Shorten the keys, or lower the limit for their length.");
    }
}
