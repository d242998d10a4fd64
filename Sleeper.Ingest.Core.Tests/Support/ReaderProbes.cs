using System.Text;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The files that the Java reader was tried with, made again, each with what an ingest must make of it: Java's result, or a better one.</summary>
/// <remarks>
/// Better are: an optional column is taken and only a null in it refused; lists and maps are read in any layout; what cannot be read right is refused
/// by name, where Java reads null or fails later; 32-bit numbers fit long fields; text that is not UTF-8 is refused, where Java replaces it.
/// </remarks>
internal static class ReaderProbes
{
    private const Repetition Required = Repetition.Required;
    private const Repetition Optional = Repetition.Optional;
    private static readonly string?[][] Ab = [["a", "b"]];

    public static IEnumerable<ReaderProbe> All() =>
        [.. Nullability(), .. Lists(), .. Maps(), .. Columns(), .. Types(), .. Annotations(), .. Codecs(), .. MoreLists(), .. Ambiguous()];

    private static IEnumerable<ReaderProbe> Nullability()
    {
        yield return Take("optional long column, non-nullable field, no nulls", V(FieldType.Long), [ProbeColumn.Key(), ProbeColumn.Longs("v", Optional, 2)], """{"key":"1","v":"2"}""");
        yield return Take(
            "optional long column, nullable field", V(FieldType.Long, true), [ProbeColumn.Key(2), ProbeColumn.Longs("v", Optional, 2, null)], """{"key":"1","v":"2"}""", """{"key":"2","v":null}""");
        yield return Take("required column, nullable field", V(FieldType.Long, true), [ProbeColumn.Key(), ProbeColumn.Longs("v", Required, 2)], """{"key":"1","v":"2"}""");
        yield return Take("optional row key column", V(FieldType.Long), [ProbeColumn.Longs("key", Optional, 1), ProbeColumn.Longs("v", Required, 2)], """{"key":"1","v":"2"}""");
        yield return Refuse("(ours) optional long column, non-nullable field, a null", V(FieldType.Long), [ProbeColumn.Key(), ProbeColumn.Longs("v", Optional, [null])], "field 'v'", "null");
        yield return Refuse("(ours) optional row key column, a null", V(FieldType.Long), [ProbeColumn.Longs("key", Optional, [null]), ProbeColumn.Longs("v", Required, 2)], "field 'key'", "null");
    }

    private static IEnumerable<ReaderProbe> Lists()
    {
        const string both = """{"key":"1","t":["a","b"],"z":"9"}""";
        const string last = """{"key":"1","t":["a","b"]}""";
        string[] two = ["""{"key":"1","t":["a","b"],"z":"9"}""", """{"key":"2","t":["c"],"z":"8"}"""];
        string?[][] twoLists = [["a", "b"], ["c"]];
        yield return Take("list.<field>, required element (Sleeper's own)", Tz(), Middle(ProbeColumn.List("t", Required, "list", "t", Required, Ab)), both);
        yield return Take("list.element required, list in the middle", Tz(), Middle(ProbeColumn.List("t", Required, "list", "element", Required, Ab)), both);
        yield return Take("list.element required, list in the middle, nullable field required group", Tz(true), Middle(ProbeColumn.List("t", Required, "list", "element", Required, Ab)), both);
        yield return Take("list.element required, optional group, list in the middle, nullable field", Tz(true), Middle(ProbeColumn.List("t", Optional, "list", "element", Required, twoLists), 9, 8), two);
        yield return Take("list.element optional, optional group, list in the middle, nullable field", Tz(true), Middle(ProbeColumn.List("t", Optional, "list", "element", Optional, twoLists), 9, 8), two);
        yield return Take("list.element required, list last", T(), [ProbeColumn.Key(), ProbeColumn.List("t", Required, "list", "element", Required, Ab)], last);
        yield return Take("list.element required, list last, nullable field, optional group", T(true), [ProbeColumn.Key(), ProbeColumn.List("t", Optional, "list", "element", Required, Ab)], last);
        yield return Take("list.element required, list first in the file", T(), [ProbeColumn.List("t", Required, "list", "element", Required, Ab), ProbeColumn.Key()], last);
        yield return Take("list.<field> optional element", Tz(), Middle(ProbeColumn.List("t", Required, "list", "t", Optional, Ab)), both);
        yield return Take("list.<field> without LIST annotation", Tz(), Middle(ProbeColumn.List("t", Required, "list", "t", Required, Ab, annotated: false)), both);
        yield return Take("bag.array_element (old Hive)", Tz(), Middle(ProbeColumn.List("t", Required, "bag", "array_element", Required, Ab)), both);
        yield return Take("two-level list: repeated binary array", Tz(), Middle(ProbeColumn.List("t", Required, null, "array", Required, Ab)), both);
        yield return Take("plain repeated field", Tz(), Middle(ProbeColumn.PlainRepeated("t", "a", "b")), both);
        yield return Take("array.<field> repeated group named array", Tz(), Middle(ProbeColumn.List("t", Required, "array", "t", Required, Ab)), both);
        yield return Refuse("list own layout, int64 element where list<int> wanted", T(element: FieldType.Int), [ProbeColumn.Key(), LongList("t")], "field 't'", "Int64");
        yield return Take("(ours) list own layout, int64 element", T(element: FieldType.Long), [ProbeColumn.Key(), LongList("t")], """{"key":"1","t":["5","-6"]}""");
        yield return Refuse("(ours) list.element optional, a null element", Tz(true), Middle(ProbeColumn.List("t", Optional, "list", "element", Optional, [["a", null, "b"]])), "field 't'", "element 1", "null");
        yield return Refuse("(ours) two-level list, no list in a row, non-nullable field", T(), [ProbeColumn.Key(), ProbeColumn.List("t", Optional, null, "array", Required, [null])], "field 't'", "null");
        yield return Refuse("(ours) repeated group with a repeated child", T(true), [ProbeColumn.Key(), RepeatedInRepeated("t")], "field 't'", "no list of single values");
    }

    private static IEnumerable<ReaderProbe> Maps()
    {
        const string one = """{"key":"1","m":[["a","5"]]}""";
        (byte[]? Key, long? Value)[][] entry = [[(Bytes("a"), 5)]];
        yield return Take("map key_value required/required (Sleeper's own)", M(), [ProbeColumn.Key(), Map(Required, "key_value", entry)], one);
        yield return Take("map value optional", M(), [ProbeColumn.Key(), Map(Required, "key_value", entry, optionalValue: true)], one);
        yield return Take("map optional group, nullable field, value optional", M(true), [ProbeColumn.Key(), Map(Optional, "key_value", entry, optionalValue: true)], one);
        yield return Take("map optional group, nullable field", M(true), [ProbeColumn.Key(2), Map(Optional, "key_value", [entry[0], null])], one, """{"key":"2","m":null}""");
        yield return Take(
            "map repeated group named map, MAP_KEY_VALUE", M(),
            [ProbeColumn.Key(), ProbeColumn.Map(Required, "map", KeyNode(), ValueNode(), entry, logical: LogicalType.Map, converted: ConvertedType.Map, middleConverted: ConvertedType.MapKeyValue)], one);
        yield return Take("map repeated group named entries, middle", M(withZ: true), [ProbeColumn.Key(), Map(Required, "entries", entry), ProbeColumn.Longs("z", Required, 9)], """{"key":"1","m":[["a","5"]],"z":"9"}""");
        yield return Take("map with value before key", M(), [ProbeColumn.Key(), ProbeColumn.Map(Required, "key_value", KeyNode(), ValueNode(), entry, valueFirst: true, logical: LogicalType.Map, converted: ConvertedType.Map)], one);
        yield return Take("map key_value outer annotation MAP_KEY_VALUE", M(), [ProbeColumn.Key(), ProbeColumn.Map(Required, "key_value", KeyNode(), ValueNode(), entry, converted: ConvertedType.MapKeyValue)], one);
        yield return Take("map without annotation", M(), [ProbeColumn.Key(), ProbeColumn.Map(Required, "key_value", KeyNode(), ValueNode(), entry)], one);
        yield return Take("map with duplicate string keys", M(), [ProbeColumn.Key(), Map(Required, "key_value", [[(Bytes("a"), 1), (Bytes("a"), 0), (Bytes("a"), 2)]])], """{"key":"1","m":[["a","2"]]}""");
        yield return Take(
            "map with duplicate byte array keys", M(key: FieldType.ByteArray),
            [ProbeColumn.Key(), Map(Required, "key_value", [[([1], 1), ([1], 0), ([1], 2)]], SchemaNode.Primitive("key", Required, PhysicalType.ByteArray))], """{"key":"1","m":[[{"hex":"01"},"2"]]}""");
        yield return Refuse("(ours) map value optional, a null value", M(true), [ProbeColumn.Key(), Map(Optional, "key_value", [[(Bytes("a"), null)]], optionalValue: true)], "field 'm'", "null");
        yield return Take(
            "(ours) map with value before a key of another name", M(),
            [ProbeColumn.Key(), ProbeColumn.Map(Required, "entries", SchemaNode.Utf8("k", Required), ValueNode(), entry, valueFirst: true)], one);
    }

    private static IEnumerable<ReaderProbe> Columns()
    {
        const string row = """{"key":"1","v":"2"}""";
        yield return Take("extra column", V(FieldType.Long), [ProbeColumn.Key(), ProbeColumn.Longs("extra", Required, 7), ProbeColumn.Longs("v", Required, 2)], row);
        yield return Take("other column order", V(FieldType.Long), [ProbeColumn.Longs("v", Required, 2), ProbeColumn.Key()], row);
        yield return Take(
            "other column order with list in the middle", Tz(),
            [ProbeColumn.Longs("z", Required, 9), ProbeColumn.List("t", Required, "list", "t", Required, Ab), ProbeColumn.Key()], """{"key":"1","t":["a","b"],"z":"9"}""");
        yield return Refuse("missing non-nullable value column", V(FieldType.Long), [ProbeColumn.Key()], "field 'v'", "no column");
        yield return Take("missing nullable value column", V(FieldType.Long, true), [ProbeColumn.Key()], """{"key":"1","v":null}""");
        yield return Refuse("missing row key column", V(FieldType.Long), [ProbeColumn.Longs("v", Required, 2)], "field 'key'", "no column");
        yield return Take("missing nullable list column", T(true), [ProbeColumn.Key()], """{"key":"1","t":null}""");
        yield return Refuse("missing non-nullable list column", T(), [ProbeColumn.Key()], "field 't'", "no column");
        yield return Refuse("column name in other case", V(FieldType.Long), [ProbeColumn.Key(), ProbeColumn.Longs("V", Required, 2)], "field 'v'", "case-sensitive");
        yield return Refuse("no column in common", V(FieldType.Long), [ProbeColumn.Longs("a", Required, 1)], "field 'key'", "field 'v'");
        yield return Take(
            "nullable own-layout list: value, null, empty", T(true), [ProbeColumn.Key(3), ProbeColumn.List("t", Optional, "list", "t", Required, [["a"], null, []])],
            """{"key":"1","t":["a"]}""", """{"key":"2","t":null}""", """{"key":"3","t":[]}""");
    }

    private static IEnumerable<ReaderProbe> Types()
    {
        yield return Of("INT32 column, long field", FieldType.Long, PhysicalType.Int32, -2, "\"-2\"");
        yield return NotOf("INT64 column, int field", FieldType.Int, PhysicalType.Int64, 1L, "Int64");
        yield return Of("(ours) INT32 (INTEGER(32,false)) column, long field", FieldType.Long, PhysicalType.Int32, -2, "\"4294967294\"", Integer(32, false));
        foreach (var (name, logical) in new (string, LogicalType)[]
        {
            ("TIMESTAMP(MILLIS,true)", new LogicalType(LogicalTypeKind.Timestamp) { Unit = TimeUnit.Millis, IsAdjustedToUtc = true }),
            ("TIMESTAMP(MICROS,false)", new LogicalType(LogicalTypeKind.Timestamp) { Unit = TimeUnit.Micros }),
            ("TIME(MICROS,true)", new LogicalType(LogicalTypeKind.Time) { Unit = TimeUnit.Micros, IsAdjustedToUtc = true }),
            ("INTEGER(64,true)", Integer(64, true)),
        })
        {
            yield return Of($"INT64 ({name}) column, long field", FieldType.Long, PhysicalType.Int64, -2L, "\"-2\"", logical);
        }

        foreach (var (name, logical) in new (string, LogicalType)[]
        {
            ("DATE", new LogicalType(LogicalTypeKind.Date)),
            ("INTEGER(8,true)", Integer(8, true)),
            ("TIME(MILLIS,true)", new LogicalType(LogicalTypeKind.Time) { Unit = TimeUnit.Millis, IsAdjustedToUtc = true }),
        })
        {
            yield return Of($"INT32 ({name}) column, int field", FieldType.Int, PhysicalType.Int32, -2, "-2", logical);
        }

        // The Java original takes the bits as they lie: a decimal without its scale, a large unsigned number as a negative one.
        yield return NotOf("INT64 (DECIMAL(18,2)) column, long field", FieldType.Long, PhysicalType.Int64, -2L, "Unscaled", Decimal(18));
        yield return NotOf("INT32 (DECIMAL(9,2)) column, int field", FieldType.Int, PhysicalType.Int32, -2, "Unscaled", Decimal(9));
        yield return NotOf("binary (DECIMAL(9,2)) column, byte array field", FieldType.ByteArray, PhysicalType.ByteArray, Bytes("ab"), "Unscaled", Decimal(9));
        yield return NotOf("binary (DECIMAL(9,2)) column, string field", FieldType.String, PhysicalType.ByteArray, Bytes("ab"), "Text", Decimal(9));
        yield return NotOf("INT64 (INTEGER(64,false)) column, long field", FieldType.Long, PhysicalType.Int64, -2L, "does not fit", Integer(64, false));
        yield return NotOf("INT32 (INTEGER(32,false)) column, int field", FieldType.Int, PhysicalType.Int32, -2, "does not fit", Integer(32, false));
        yield return Of("binary without annotation, string field", FieldType.String, PhysicalType.ByteArray, Bytes("hé"), "\"h\\u00E9\"");
        yield return NotOf("binary without annotation, not valid UTF-8, string field", FieldType.String, PhysicalType.ByteArray, new byte[] { 0x61, 0xC3, 0xFF }, "UTF-8");
        foreach (var (name, logical) in new (string, LogicalType)[]
        {
            ("STRING", LogicalType.String),
            ("ENUM", new LogicalType(LogicalTypeKind.Enum)),
            ("JSON", new LogicalType(LogicalTypeKind.Json)),
            ("BSON", new LogicalType(LogicalTypeKind.Bson)),
        })
        {
            yield return Of($"binary ({name}) column, byte array field", FieldType.ByteArray, PhysicalType.ByteArray, Bytes("ab"), """{"hex":"6162"}""", logical);
            if (name != "STRING")
            {
                yield return Of($"binary ({name}) column, string field", FieldType.String, PhysicalType.ByteArray, Bytes("ab"), "\"ab\"", logical);
            }
        }

        yield return Of("FIXED_LEN_BYTE_ARRAY(2), byte array field", FieldType.ByteArray, PhysicalType.FixedLenByteArray, Bytes("ab"), """{"hex":"6162"}""", length: 2);
        yield return NotOf("FIXED_LEN_BYTE_ARRAY(16) DECIMAL(38,2), long field", FieldType.Long, PhysicalType.FixedLenByteArray, new byte[16], "FixedLenByteArray", new LogicalType(LogicalTypeKind.Decimal) { Precision = 38, Scale = 2 }, 16);
        yield return NotOf("INT96, long field", FieldType.Long, PhysicalType.Int96, new byte[12], "Int96");
        yield return NotOf("DOUBLE, long field", FieldType.Long, PhysicalType.Double, 1L, "Double");
        yield return NotOf("FLOAT, int field", FieldType.Int, PhysicalType.Float, 1, "Float");
        yield return Of("BOOLEAN, int field", FieldType.Int, PhysicalType.Boolean, 1, "1");
        var group = new ProbeColumn(SchemaNode.Group("v", Required, [SchemaNode.Primitive("x", Required, PhysicalType.Int32)]), [VectorSamples.Ints([1])]);
        yield return Refuse("group where a string is wanted", V(FieldType.String), [ProbeColumn.Key(), group], "field 'v'", "group");
        yield return Refuse("string where a list is wanted", T(), [ProbeColumn.Key(), ProbeColumn.One("t", PhysicalType.ByteArray, Bytes("a"), LogicalType.String, ConvertedType.Utf8)], "field 't'", "no list");
        yield return Refuse("repeated where a string is wanted", V(FieldType.String), [ProbeColumn.Key(), ProbeColumn.PlainRepeated("v", "a")], "field 'v'", "repeated");
    }

    /// <summary>Annotations that the Java reader was not tried with: the older ones alone, those of fixed lengths, and those of later versions of the format.</summary>
    private static IEnumerable<ReaderProbe> Annotations()
    {
        foreach (var (converted, type, value, field, json) in new (ConvertedType, PhysicalType, object, FieldType, string?)[]
        {
            (ConvertedType.Utf8, PhysicalType.ByteArray, Bytes("ab"), FieldType.String, "\"ab\""),
            (ConvertedType.Enum, PhysicalType.ByteArray, Bytes("ab"), FieldType.String, "\"ab\""),
            (ConvertedType.Json, PhysicalType.ByteArray, Bytes("ab"), FieldType.String, "\"ab\""),
            (ConvertedType.Bson, PhysicalType.ByteArray, Bytes("ab"), FieldType.ByteArray, """{"hex":"6162"}"""),
            (ConvertedType.Int8, PhysicalType.Int32, -2, FieldType.Int, "-2"),
            (ConvertedType.Int16, PhysicalType.Int32, -2, FieldType.Long, "\"-2\""),
            (ConvertedType.Int32, PhysicalType.Int32, -2, FieldType.Int, "-2"),
            (ConvertedType.Int64, PhysicalType.Int64, -2L, FieldType.Long, "\"-2\""),
            (ConvertedType.UInt8, PhysicalType.Int32, 200, FieldType.Int, "200"),
            (ConvertedType.UInt16, PhysicalType.Int32, 60000, FieldType.Int, "60000"),
            (ConvertedType.UInt32, PhysicalType.Int32, -2, FieldType.Long, "\"4294967294\""),
            (ConvertedType.UInt32, PhysicalType.Int32, -2, FieldType.Int, null),
            (ConvertedType.UInt64, PhysicalType.Int64, -2L, FieldType.Long, null),
            (ConvertedType.Date, PhysicalType.Int32, -2, FieldType.Int, "-2"),
            (ConvertedType.TimeMillis, PhysicalType.Int32, 2, FieldType.Int, "2"),
            (ConvertedType.TimeMicros, PhysicalType.Int64, 2L, FieldType.Long, "\"2\""),
            (ConvertedType.TimestampMillis, PhysicalType.Int64, -2L, FieldType.Long, "\"-2\""),
            (ConvertedType.TimestampMicros, PhysicalType.Int64, -2L, FieldType.Long, "\"-2\""),
        })
        {
            ProbeColumn[] columns = [ProbeColumn.Key(), ProbeColumn.One("v", type, value, null, converted)];
            string title = $"(ours) {type} ({converted}, the older annotation) column, {field} field";
            yield return json is null ? Refuse(title, V(field), columns, "field 'v'", "does not fit") : Take(title, V(field), columns, $$"""{"key":"1","v":{{json}}}""");
        }

        // The older annotation of a decimal has its scale beside it.
        var old = new SchemaElement { Name = "v", Type = PhysicalType.Int32, Repetition = Required, ConvertedType = ConvertedType.Decimal, Precision = 9, Scale = 2 };
        yield return Refuse(
            "(ours) INT32 (DECIMAL, the older annotation) column, int field", V(FieldType.Int),
            [ProbeColumn.Key(), new ProbeColumn(SchemaNode.FromElement(old, []), [VectorSamples.Ints([-2])])], "field 'v'", "Unscaled");

        byte[] sixteen = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        var uuid = new LogicalType(LogicalTypeKind.Uuid);
        var half = new LogicalType(LogicalTypeKind.Float16);
        const string hex = """{"hex":"000102030405060708090a0b0c0d0e0f"}""";
        yield return Of("(ours) FIXED_LEN_BYTE_ARRAY(16) (UUID) column, byte array field", FieldType.ByteArray, PhysicalType.FixedLenByteArray, sixteen, hex, uuid, 16);
        yield return NotOf("(ours) FIXED_LEN_BYTE_ARRAY(16) (UUID) column, string field", FieldType.String, PhysicalType.FixedLenByteArray, sixteen, "Text", uuid, 16);
        yield return Of("(ours) FIXED_LEN_BYTE_ARRAY(2) (FLOAT16) column, byte array field", FieldType.ByteArray, PhysicalType.FixedLenByteArray, Bytes("ab"), """{"hex":"6162"}""", half, 2);
        yield return NotOf("(ours) FIXED_LEN_BYTE_ARRAY(2) (FLOAT16) column, long field", FieldType.Long, PhysicalType.FixedLenByteArray, Bytes("ab"), "Rounded", half, 2);
        yield return Of("(ours) FIXED_LEN_BYTE_ARRAY(2) without annotation, string field", FieldType.String, PhysicalType.FixedLenByteArray, Bytes("ab"), "\"ab\"", length: 2);
        yield return NotOf("(ours) FIXED_LEN_BYTE_ARRAY(2) without annotation, long field", FieldType.Long, PhysicalType.FixedLenByteArray, Bytes("ab"), "no numbers", length: 2);
        foreach (var kind in new[] { LogicalTypeKind.Unknown, LogicalTypeKind.Geometry, (LogicalTypeKind)99 })
        {
            var later = new LogicalType(kind);
            yield return Of($"(ours) INT64 (logical type {kind}) column, long field", FieldType.Long, PhysicalType.Int64, -2L, "\"-2\"", later);
            yield return Of($"(ours) INT32 (logical type {kind}) column, int field", FieldType.Int, PhysicalType.Int32, -2, "-2", later);
            yield return Of($"(ours) binary (logical type {kind}) column, byte array field", FieldType.ByteArray, PhysicalType.ByteArray, Bytes("ab"), """{"hex":"6162"}""", later);
            yield return Of($"(ours) FIXED_LEN_BYTE_ARRAY(2) (logical type {kind}) column, byte array field", FieldType.ByteArray, PhysicalType.FixedLenByteArray, Bytes("ab"), """{"hex":"6162"}""", later, 2);
        }
    }

    private static IEnumerable<ReaderProbe> Codecs()
    {
        foreach (var (codec, dictionary, version2) in new[]
        {
            (CompressionCodec.Uncompressed, true, false), (CompressionCodec.Snappy, true, false), (CompressionCodec.Gzip, true, false), (CompressionCodec.Zstd, true, false),
            (CompressionCodec.Zstd, true, true), (CompressionCodec.Zstd, false, false), (CompressionCodec.Zstd, false, true), (CompressionCodec.Lz4Raw, true, false), (CompressionCodec.Brotli, true, false),
        })
        {
            string title = $"codec {(codec == CompressionCodec.Lz4Raw ? "LZ4_RAW" : codec.ToString().ToUpperInvariant())} dictionary {(dictionary ? "true" : "false")} PARQUET_{(version2 ? 2 : 1)}_0";
            var options = new ParquetWriterOptions
            {
                CreateCompressor = () => PageCompression.Create(codec),
                Version = version2 ? WriterVersion.V2 : WriterVersion.V1,
                Columns = [.. Enumerable.Repeat(new ColumnWriteOptions { Dictionary = dictionary ? DictionaryUse.Try : DictionaryUse.Never }, 2)],
            };
            yield return new ReaderProbe(
                title,
                V(FieldType.String),
                () => Write([ProbeColumn.Key(3), new ProbeColumn(SchemaNode.Utf8("v", Required), [VectorSamples.Strings(["aaa", "aaa", "aaa"])])], options),
                [.. Enumerable.Range(1, 3).Select(i => $$"""{"key":"{{i}}","v":"aaa"}""")],
                []);
        }

        yield return new ReaderProbe("zero rows", V(FieldType.Long), () => Write([ProbeColumn.Key(0), ProbeColumn.Longs("v", Required)]), [], []);
        yield return new ReaderProbe("zero-byte file", V(FieldType.Long), () => [], null, ["probe.parquet", "not a Parquet file"]);
        yield return new ReaderProbe("text file named .parquet", V(FieldType.Long), () => Bytes("this is no parquet file at all"), null, ["probe.parquet", "not a Parquet file"]);
    }

    private static IEnumerable<ReaderProbe> MoreLists()
    {
        const string tz = """{"key":"1","t":["a","b"],"z":"9"}""";
        const string tuz = """{"key":"1","t":["a","b"],"u":["c"],"z":"9"}""";
        ProbeColumn Element(string name = "t") => ProbeColumn.List(name, Required, "list", "element", Required, name == "t" ? Ab : [["c"]]);
        ProbeColumn Own(string name) => ProbeColumn.List(name, Required, "list", name, Required, name == "t" ? Ab : [["c"]]);
        ProbeColumn Z() => ProbeColumn.Longs("z", Required, 9);
        (byte[]? Key, long? Value)[][] entry = [[(Bytes("a"), 5)]];
        const string map = """{"key":"1","m":[["a","5"]]}""";

        yield return Take("element list last (key,z,t)", Tz(), [ProbeColumn.Key(), Z(), Element()], tz);
        yield return Take("element list first (t,key,z)", Tz(), [Element(), ProbeColumn.Key(), Z()], tz);
        yield return Take("element list first (t,key,z), nullable", Tz(true), [Element(), ProbeColumn.Key(), Z()], tz);
        yield return Take("extra column first, then element list, then key", Tz(), [ProbeColumn.Longs("extra", Required, 7), Element(), ProbeColumn.Key(), Z()], tz);
        yield return Take("element list then own list (key,t,u,z)", Tuz(), [ProbeColumn.Key(), Element(), Own("u"), Z()], tuz);
        yield return Take("own list then element list (key,u,t,z)", Tuz(), [ProbeColumn.Key(), Own("u"), Element(), Z()], tuz);
        yield return Take("own list then element list last (key,z,u,t)", Tuz(), [ProbeColumn.Key(), Z(), Own("u"), Element()], tuz);
        yield return Take("two element lists (key,t,u,z)", Tuz(), [ProbeColumn.Key(), Element(), Element("u"), Z()], tuz);
        yield return Take("two element lists last (key,z,t,u)", Tuz(), [ProbeColumn.Key(), Z(), Element(), Element("u")], tuz);
        yield return Take("map entries first (m,key)", M(), [Map(Required, "entries", entry), ProbeColumn.Key()], map);
        yield return Take("map entries last (key,m) nullable", M(true), [ProbeColumn.Key(), Map(Optional, "entries", entry)], map);
        yield return Take("map with value named val (key,m)", M(), [ProbeColumn.Key(), ProbeColumn.Map(Required, "key_value", KeyNode(), SchemaNode.Primitive("val", Required, PhysicalType.Int64), entry)], map);
        yield return Take(
            "map with value named val, two entries", M(),
            [ProbeColumn.Key(), ProbeColumn.Map(Required, "key_value", KeyNode(), SchemaNode.Primitive("val", Required, PhysicalType.Int64), [[(Bytes("a"), 5), (Bytes("b"), 6)]])],
            """{"key":"1","m":[["a","5"],["b","6"]]}""");
        yield return Take(
            "list group with an extra child (list.t, list.extra)", T(), [ProbeColumn.Key(), ProbeColumn.List("t", Required, "list", "t", Required, [["e0", "e1"]], extraChild: true)], """{"key":"1","t":["e0","e1"]}""");
        yield return Take("element list empty in every row, last", T(), [ProbeColumn.Key(), ProbeColumn.List("t", Required, "list", "element", Required, [[]])], """{"key":"1","t":[]}""");
        yield return Take(
            "field id on every column", Schema.Create().RowKey("key", FieldType.Long).Value("z", FieldType.Long).Build(),
            [ProbeColumn.One("key", PhysicalType.Int64, 1L, fieldId: 3), ProbeColumn.One("z", PhysicalType.Int64, 2L, fieldId: 5)], """{"key":"1","z":"2"}""");
        yield return Take("dotted field name, top level column named a.b", Schema.Create().RowKey("key", FieldType.Long).Value("a.b", FieldType.Long).Build(), [ProbeColumn.Key(), ProbeColumn.Longs("a.b", Required, 2)], """{"key":"1","a.b":"2"}""");
        yield return Refuse("(ours) list group with an extra child and no child of the field's name", T(true), [ProbeColumn.Key(), ProbeColumn.List("t", Required, "list", "element", Required, Ab, extraChild: true)], "field 't'", "no list of single values");
    }

    /// <summary>Files that could be read wrong without a word.</summary>
    private static IEnumerable<ReaderProbe> Ambiguous()
    {
        yield return Refuse("(ours) two columns of one name", V(FieldType.Long), [ProbeColumn.Key(), ProbeColumn.Longs("v", Required, 1), ProbeColumn.Longs("v", Required, 2)], "field 'v'", "more than one column");
        var schema = Schema.Create().RowKey("id", FieldType.Long).Value("key", FieldType.List(FieldType.String), nullable: true).Build();
        yield return Refuse(
            "(ours) map where a list is wanted, whose name is that of the map's keys", schema,
            [
                ProbeColumn.Longs("id", Required, 1),
                ProbeColumn.Map(Required, "key_value", KeyNode(), ValueNode(), [[(Bytes("a"), 5)]], logical: LogicalType.Map, converted: ConvertedType.Map, name: "key"),
            ],
            "field 'key'", "no list");
        yield return Refuse(
            "(ours) list of structs of two members where a map is wanted", M(),
            [ProbeColumn.Key(), ProbeColumn.Map(Required, "array", KeyNode(), ValueNode(), [[(Bytes("a"), 5), (Bytes("a"), 6)]], logical: LogicalType.List, converted: ConvertedType.List)],
            "field 'm'", "no map");
    }

    private static ReaderProbe Take(string title, Schema schema, ProbeColumn[] columns, params string[] rows) => new(title, schema, () => Write(columns), rows, []);

    private static ReaderProbe Refuse(string title, Schema schema, ProbeColumn[] columns, params string[] words) => new(title, schema, () => Write(columns), null, words);

    private static ReaderProbe Of(string title, FieldType field, PhysicalType type, object value, string json, LogicalType? logical = null, int length = 0) =>
        Take(title, V(field), [ProbeColumn.Key(), ProbeColumn.One("v", type, value, logical, null, length)], $$"""{"key":"1","v":{{json}}}""");

    private static ReaderProbe NotOf(string title, FieldType field, PhysicalType type, object value, string word, LogicalType? logical = null, int length = 0) =>
        Refuse(title, V(field), [ProbeColumn.Key(), ProbeColumn.One("v", type, value, logical, null, length)], "field 'v'", word);

    private static byte[] Write(ProbeColumn[] columns, ParquetWriterOptions? options = null) =>
        WrittenFile.Write(
            new ParquetSchema("probe", [.. columns.Select(c => c.Node)]),
            options ?? new ParquetWriterOptions { CreateCompressor = () => PageCompression.Create(CompressionCodec.Uncompressed) },
            null,
            [.. columns.SelectMany(c => c.Columns)]).Bytes;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static LogicalType Decimal(int precision) => new(LogicalTypeKind.Decimal) { Precision = precision, Scale = 2 };

    private static LogicalType Integer(int bits, bool signed) => new(LogicalTypeKind.Integer) { BitWidth = bits, IsSigned = signed };

    private static SchemaNode KeyNode() => SchemaNode.Utf8("key", Required);

    private static SchemaNode ValueNode(Repetition repetition = Required) => SchemaNode.Primitive("value", repetition, PhysicalType.Int64);

    private static ProbeColumn Map(Repetition outer, string middle, (byte[]? Key, long? Value)[]?[] rows, SchemaNode? key = null, bool optionalValue = false) =>
        ProbeColumn.Map(outer, middle, key ?? KeyNode(), ValueNode(optionalValue ? Optional : Required), rows, logical: LogicalType.Map, converted: ConvertedType.Map);

    private static ProbeColumn LongList(string name) =>
        new(SchemaNode.List(name, Required, SchemaNode.Primitive(name, Required, PhysicalType.Int64)), [VectorSamples.Longs([5, -6]).WithLevels([1, 1], [0, 1])]);

    private static ProbeColumn RepeatedInRepeated(string name) => new(
        SchemaNode.Group(name, Repetition.Repeated, [SchemaNode.Group("list", Repetition.Repeated, [SchemaNode.Utf8("element", Required)])]),
        [VectorSamples.Strings(["a", "b"]).WithLevels([2, 2], [0, 1])]);

    private static ProbeColumn[] Middle(ProbeColumn list, params long[] z) =>
        [ProbeColumn.Key(Math.Max(1, z.Length)), list, ProbeColumn.Longs("z", Required, [.. (z.Length == 0 ? [9L] : z).Select(v => (long?)v)])];

    private static Schema V(FieldType type, bool nullable = false) => Schema.Create().RowKey("key", FieldType.Long).Value("v", type, nullable).Build();

    private static Schema T(bool nullable = false, FieldType? element = null) =>
        Schema.Create().RowKey("key", FieldType.Long).Value("t", FieldType.List(element ?? FieldType.String), nullable).Build();

    private static Schema Tz(bool nullable = false) =>
        Schema.Create().RowKey("key", FieldType.Long).Value("t", FieldType.List(FieldType.String), nullable).Value("z", FieldType.Long).Build();

    private static Schema Tuz() => Schema.Create().RowKey("key", FieldType.Long).Value("t", FieldType.List(FieldType.String))
        .Value("u", FieldType.List(FieldType.String)).Value("z", FieldType.Long).Build();

    private static Schema M(bool nullable = false, FieldType? key = null, bool withZ = false)
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("m", FieldType.Map(key ?? FieldType.String, FieldType.Long), nullable);
        return (withZ ? schema.Value("z", FieldType.Long) : schema).Build();
    }
}
