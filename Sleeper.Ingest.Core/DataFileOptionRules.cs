using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core;

/// <summary>What settings of single fields and of Bloom filters must keep, on their own and for a schema.</summary>
internal static class DataFileOptionRules
{
    private const int MinBloomFilterBytes = 32;
    private const int MaxBloomFilterBytes = 128 << 20;

    private static readonly DataFileEncoding[] ForNumbers =
        [DataFileEncoding.Auto, DataFileEncoding.Plain, DataFileEncoding.DeltaBinaryPacked, DataFileEncoding.ByteStreamSplit];

    private static readonly DataFileEncoding[] ForBytes =
        [DataFileEncoding.Auto, DataFileEncoding.Plain, DataFileEncoding.DeltaLengthByteArray, DataFileEncoding.DeltaByteArray];

    /// <summary>Throws one error that names every field whose settings do not fit the schema.</summary>
    public static void Check(IReadOnlyDictionary<string, DataFileFieldOptions> fields, Schema schema)
    {
        if (FieldFault(fields, schema) is { } fault)
        {
            throw new ArgumentException($"The settings of the ingest do not fit the table: {fault}.");
        }
    }

    /// <summary>What is wrong with the settings of fields; null if nothing is.</summary>
    public static string? FieldFault(IReadOnlyDictionary<string, DataFileFieldOptions> fields, Schema schema)
    {
        string[] faults = [.. fields.OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => FaultsOf(f.Key, f.Value, schema))];
        return faults.Length == 0 ? null : string.Join("; ", faults);
    }

    /// <summary>What is wrong with the settings of Bloom filters; null if nothing is.</summary>
    public static string? BloomFilterFault(BloomFilterOptions? options) => options switch
    {
        null => null,
        { ExpectedDistinctValues: < 1 } => $"a Bloom filter for {options.ExpectedDistinctValues:N0} different values makes no sense",
        { FalsePositiveProbability: not (> 0 and < 1) } => $"a Bloom filter's false positive probability of {options.FalsePositiveProbability} is not above 0 and below 1",
        { MaxBytes: < MinBloomFilterBytes or > MaxBloomFilterBytes } =>
            $"a limit of {options.MaxBytes:N0} bytes for a Bloom filter is not {MinBloomFilterBytes} to {MaxBloomFilterBytes:N0}",
        _ => null,
    };

    private static IEnumerable<string> FaultsOf(string name, DataFileFieldOptions options, Schema schema)
    {
        int index = schema.IndexOf(name);
        if (index < 0)
        {
            yield return $"there are settings for a field '{name}', but the fields are {string.Join(", ", schema.AllFields.Select(f => $"'{f.Name}'"))}";
            yield break;
        }

        var type = schema.AllFields[index].Type;
        var isMap = type.Kind == FieldTypeKind.Map;
        var encoded = type.Kind == FieldTypeKind.List ? type.ElementType! : isMap ? type.KeyType! : type;
        if (EncodingFault(name, isMap ? "the keys of" : "", encoded, options.Encoding) is { } fault)
        {
            yield return fault;
        }

        if (isMap && EncodingFault(name, "the values of", type.ValueType!, options.MapValueEncoding) is { } valueFault)
        {
            yield return valueFault;
        }

        if (!isMap && options.MapValueEncoding != DataFileEncoding.Auto)
        {
            yield return $"field '{name}' is {type} and has no map values to encode with {options.MapValueEncoding}";
        }
    }

    private static string? EncodingFault(string name, string part, FieldType type, DataFileEncoding encoding)
    {
        var possible = type.Kind is FieldTypeKind.Int or FieldTypeKind.Long ? ForNumbers : ForBytes;
        return possible.Contains(encoding)
            ? null
            : $"{(part.Length == 0 ? "" : part + " ")}field '{name}' cannot have the encoding {encoding}: for {type} there are {string.Join(", ", possible)}";
    }
}
