using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>An ingest that the Java original did: the rows it was given under which settings, and the table that came of it.</summary>
internal sealed class IngestCase
{
    private readonly string _folder;
    private readonly Dictionary<string, string> _properties;

    private IngestCase(string root, string name)
    {
        Name = name.Replace('\\', '/');
        _folder = Path.Combine(root, name);
        _properties = File.ReadAllLines(Path.Combine(_folder, "table.properties")).Where(line => line.Contains('=', StringComparison.Ordinal))
            .ToDictionary(line => line[..line.IndexOf('=', StringComparison.Ordinal)], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        Table = JavaTable.Load(root, name);
    }

    public static string KeptFolder => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "data-files");

    public string Name { get; }

    public JavaTable Table { get; }

    public Schema Schema => Table.Schema;

    public PartitionTree Partitions => Table.Partitions;

    public IEnumerable<Row> Input => RowJson.ReadLines(Path.Combine(_folder, "input.jsonl"), Schema);

    /// <summary>Those below a folder in codecs that are written, with iterators that are known, and with keys that both orders place alike.</summary>
    public static IEnumerable<IngestCase> All(string root) =>
        JavaTable.Names(root).Select(name => new IngestCase(root, name))
            .Where(c => !c.HasUnknownIterator && !c.Name.Contains("-split-", StringComparison.Ordinal) && c.Name != "codecs/lz4");

    /// <summary>True for a Java class that only the original can run.</summary>
    public bool HasUnknownIterator => Text("iterator.class.name") is not ("" or "sleeper.core.iterator.AgeOffIterator");

    /// <summary>A case by its name.</summary>
    public static IngestCase Load(string root, string name) => new(root, name);

    /// <summary>The settings of the case that an own table has too.</summary>
    public IngestFactory ApplyTo(IngestFactory factory)
    {
        Apply(factory);
        return factory;
    }

    /// <inheritdoc cref="ApplyTo"/>
    public void Apply(IngestFactory factory)
    {
        factory.WithFileStrategy(Text("ingest.file.writing.strategy") == "one_file_per_leaf" ? FileWritingStrategy.OneFilePerLeaf : FileWritingStrategy.OneReferencePerLeaf)
            .WithRowGroups(Number("parquet.rowgroup.rows.max", 100_000), Number("parquet.rowgroup.size", 8 << 20))
            .WithPages(20_000, Number("parquet.page.size", 128 << 10))
            .WithCompression(Text("parquet.compression.codec").ToLowerInvariant() switch
            {
                "" or "zstd" => DataFileCodec.Zstd,
                "snappy" => DataFileCodec.Snappy,
                "gzip" => DataFileCodec.Gzip,
                "lz4_raw" => DataFileCodec.Lz4Raw,
                "uncompressed" => DataFileCodec.None,
                var other => throw new InvalidOperationException($"{Name} has the codec {other}."),
            });
        if (Text("filters") is { Length: > 0 } filters)
        {
            factory.WithFilters(filters);
        }

        if (Text("aggregations") is { Length: > 0 } aggregations)
        {
            factory.WithAggregations(aggregations);
        }

        if (Text("iterator.class.name") is { Length: > 0 } iterator)
        {
            factory.WithIterator(iterator, Text("iterator.config"));
        }
    }

    /// <summary>What its table was made with, for an own table.</summary>
    public TableOptions Options => new()
    {
        Filters = Text("filters"),
        Aggregations = Text("aggregations"),
        IteratorClassName = Text("iterator.class.name"),
        IteratorConfig = Text("iterator.config"),
    };

    /// <summary>The same for a table of an instance.</summary>
    public Dictionary<string, string> IteratorProperties => _properties
        .Where(p => p.Key is "sleeper.table.filters" or "sleeper.table.aggregations" or "sleeper.table.iterator.class.name" or "sleeper.table.iterator.config").ToDictionary();

    /// <summary>The operations of its aggregations, in the order of the value fields; null for none.</summary>
    public string[]? Operations => Text("aggregations") is { Length: > 0 } text
        ? [.. Schema.ValueFields.Select(f => System.Text.RegularExpressions.Regex.Match(text, $@"(?:map_)?(sum|min|max)\({f.Name}\)").Groups[1].Value)]
        : null;

    public byte[] ReadDataFile(string path) => File.ReadAllBytes(Path.Combine(_folder, path));

    private string Text(string property) => _properties.GetValueOrDefault("sleeper.table." + property, "");

    private int Number(string property, int otherwise) => Text(property) is { Length: > 0 } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : otherwise;
}
