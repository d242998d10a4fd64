using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Reads lists of metadata structs.</summary>
internal static class MetadataLists
{
    public delegate T ElementReader<T>(ref ThriftCompactReader reader);

    public static T[] Read<T>(ref ThriftCompactReader reader, ElementReader<T> readElement)
    {
        var elements = new List<T>();
        int count = reader.ReadListHeader();
        for (int i = 0; i < count; i++)
        {
            elements.Add(readElement(ref reader));
        }

        return [.. elements];
    }
}
