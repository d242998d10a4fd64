using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Reads lists of metadata structs.</summary>
internal static class MetadataLists
{
    public delegate T ElementReader<T>(ref ThriftCompactReader reader);

    public static T[] Read<T>(ref ThriftCompactReader reader, ElementReader<T> readElement) => Read(ref reader, reader.ReadListHeader(), readElement);

    /// <summary>Reads so many elements, behind the head of their list. Memory is taken as they come, not by what the head claims.</summary>
    public static T[] Read<T>(ref ThriftCompactReader reader, int count, ElementReader<T> readElement)
    {
        var elements = new List<T>();
        for (int i = 0; i < count; i++)
        {
            elements.Add(readElement(ref reader));
        }

        return [.. elements];
    }
}
