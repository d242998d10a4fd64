namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>Nodes and buffers of a record batch, taken in the order of the schema: parents before children.</summary>
internal sealed class ArrowBuffers((long Length, long NullCount)[] nodes, (long Offset, long Length)[] buffers, ReadOnlyMemory<byte> body)
{
    private int _node;
    private int _buffer;

    /// <summary>True if all were taken.</summary>
    public bool IsUsedUp => _node == nodes.Length && _buffer == buffers.Length;

    public (int Length, int NullCount) NextNode(string column)
    {
        if (_node == nodes.Length)
        {
            throw new ArrowFormatException($"A record batch has {nodes.Length} nodes; there is none for the column '{column}'.");
        }

        var (length, nulls) = nodes[_node++];
        return length is >= 0 and < int.MaxValue && nulls >= 0 && nulls <= length
            ? ((int)length, (int)nulls)
            : throw new ArrowFormatException($"The column '{column}' says that it has {length} values, {nulls} of them null.");
    }

    public ReadOnlyMemory<byte> Next(string column)
    {
        if (_buffer == buffers.Length)
        {
            throw new ArrowFormatException($"A record batch has {buffers.Length} buffers; there are too few for the column '{column}'.");
        }

        var (offset, length) = buffers[_buffer++];
        return offset >= 0 && length >= 0 && offset <= body.Length - length
            ? body.Slice((int)offset, (int)length)
            : throw new ArrowFormatException($"A buffer of the column '{column}' has {length} bytes at byte {offset} of a body of {body.Length}.");
    }
}
