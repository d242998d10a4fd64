using System.Text;
using Sleeper.Ingest.Core.Parquet.BloomFilters;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>The hash of a row key's value under which Bloom filters have it: of its bytes as the column's physical type lays them out.</summary>
internal static class KeyHash
{
    public static ulong Of(PhysicalType type, FieldValue value) => type switch
    {
        PhysicalType.Int32 => XxHash64.Hash(value.AsInt()),
        PhysicalType.Int64 => XxHash64.Hash(value.Kind == FieldValueKind.Int ? value.AsInt() : value.AsLong()),
        _ => XxHash64.Hash(value.Kind == FieldValueKind.String ? Encoding.UTF8.GetBytes(value.AsString()) : value.AsBytes().Span),
    };
}
