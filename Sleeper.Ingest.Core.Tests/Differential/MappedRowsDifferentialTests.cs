using System.Globalization;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>Random tables that DuckDB writes, ingested through a mapping of their columns and read back from the table: every value is what DuckDB makes of the column.</summary>
/// <remarks>SLEEPER_SEEDS=5000 makes it a soak; SLEEPER_SEED=42 runs one seed.</remarks>
public sealed class MappedRowsDifferentialTests : IDisposable
{
    private const ParquetConversion Exact = ParquetConversion.Exact;

    /// <summary>DuckDB's value of 64 random bits <c>$</c>; the field's type, the conversion that is asked for, and what DuckDB makes of the column <c>$</c>.</summary>
    private static readonly (string Value, FieldType Type, ParquetConversion Conversion, string Expected)[] Kinds =
    [
        ("(($) % 4294967296 - 2147483648::HUGEINT)::INTEGER", FieldType.Int, Exact, "$"),
        ("(($) % 4294967296 - 2147483648::HUGEINT)::INTEGER", FieldType.Long, Exact, "$"),
        ("(($) - 9223372036854775808::HUGEINT)::BIGINT", FieldType.Long, Exact, "$"),
        ("(($) % 100000)::BIGINT", FieldType.Int, ParquetConversion.Checked, "$"),
        ("(($) % 256 - 128::HUGEINT)::TINYINT", FieldType.Int, Exact, "$"),
        ("(($) % 65536 - 32768::HUGEINT)::SMALLINT", FieldType.Long, Exact, "$"),
        ("(($) % 256)::UTINYINT", FieldType.Int, Exact, "$"),
        ("(($) % 65536)::USMALLINT", FieldType.Long, Exact, "$"),
        ("(($) % 4294967296)::UINTEGER", FieldType.Long, Exact, "$"),
        ("(($) % 9223372036854775807)::UBIGINT", FieldType.Long, Exact, "$"),
        ("($)::UBIGINT", FieldType.String, ParquetConversion.Text, "$::VARCHAR"),
        ("($) % 2 = 0", FieldType.Int, Exact, "$::INTEGER"),
        ("($) % 2 = 0", FieldType.String, ParquetConversion.Text, "$::VARCHAR"),
        ("repeat(chr(($ % 500 + 97)::INTEGER), (($ // 1000) % 30)::INTEGER) || $", FieldType.String, Exact, "$"),
        ("unhex(substr(md5(($)::VARCHAR), 1, (2 * (($) % 17))::INTEGER))", FieldType.ByteArray, Exact, "$"),
        ("md5(($)::VARCHAR)::UUID", FieldType.ByteArray, Exact, "unhex(replace($::VARCHAR, '-', ''))"),
        ("md5(($)::VARCHAR)::UUID", FieldType.String, ParquetConversion.Text, "$::VARCHAR"),
        ("(CASE WHEN ($) % 2 = 0 THEN 'red' ELSE 'blé' END)::ENUM('red', 'blé')", FieldType.String, Exact, "$::VARCHAR"),
        ("('{\"a\": ' || (($) % 50) || '}')::JSON", FieldType.String, Exact, "$::VARCHAR"),
        ("DATE '1970-01-01' + (($) % 80000 - 40000::HUGEINT)::INTEGER", FieldType.Int, Exact, "$ - DATE '1970-01-01'"),
        ("DATE '1970-01-01' + (($) % 80000 - 40000::HUGEINT)::INTEGER", FieldType.String, ParquetConversion.Text, "$::VARCHAR"),
        ("TIME '00:00:00' + to_microseconds((($) % 86400000000)::BIGINT)", FieldType.Long, Exact, "epoch_us($)"),
        ("make_timestamp((($) % 4000000000000000 - 2000000000000000::HUGEINT)::BIGINT)", FieldType.Long, Exact, "epoch_us($)"),
        ("make_timestamp((($) % 4000000000000000 - 2000000000000000::HUGEINT)::BIGINT)", FieldType.Long, ParquetConversion.Nanoseconds, "epoch_us($) * 1000"),
        ("make_timestamp((($) % 4000000000000000 - 2000000000000000::HUGEINT)::BIGINT)", FieldType.Long, ParquetConversion.Milliseconds, "(epoch_us($) - ((epoch_us($) % 1000) + 1000) % 1000) // 1000"),
        ("((($) % 1999999 - 999999::HUGEINT)::VARCHAR || '.' || ($) % 100)::DECIMAL(9, 2)", FieldType.Long, ParquetConversion.Unscaled, "($ * 100)::BIGINT"),
        ("((($) % 1999999 - 999999::HUGEINT)::VARCHAR || '.' || ($) % 1000)::DECIMAL(18, 3)", FieldType.String, ParquetConversion.Text, "$::VARCHAR"),
        ("((($) % 1999999 - 999999::HUGEINT)::VARCHAR || '.' || ($) % 100)::DECIMAL(38, 10)", FieldType.String, ParquetConversion.Text, "$::VARCHAR"),
        ("((($) % 1999999 - 999999::HUGEINT)::VARCHAR || '.' || ($) % 100)::DECIMAL(12, 2)", FieldType.Int, ParquetConversion.Truncated, "trunc($)::BIGINT"),
        ("((($) % 20000000000 - 10000000000::HUGEINT)::DOUBLE) / 7", FieldType.Long, ParquetConversion.Truncated, "trunc($)::BIGINT"),
        ("((($) % 2000000 - 1000000::HUGEINT)::DOUBLE) / 8", FieldType.Long, ParquetConversion.Rounded, "round_even($, 0)::BIGINT"),
        ("list_transform(range((($) % 5)::BIGINT), x -> (x * 1000003 - (($) % 77)::BIGINT)::INTEGER)", FieldType.List(FieldType.Int), Exact, "$"),
        ("list_transform(range((($) % 5)::BIGINT), x -> 'item ' || x || ($) % 1000)", FieldType.List(FieldType.String), Exact, "$"),
        ("list_transform(range((($) % 4)::BIGINT), x -> (x * 1.25 + (($) % 9)::INTEGER)::DECIMAL(9, 2))", FieldType.List(FieldType.Long), ParquetConversion.Unscaled, "list_transform($, x -> (x * 100)::BIGINT)"),
        ("map_from_entries(list_transform(range((($) % 4)::BIGINT), x -> {'k': 'k' || x, 'v': (x + (($) % 1000000)::BIGINT)::BIGINT}))", FieldType.Map(FieldType.String, FieldType.Long), Exact, "$"),
    ];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IEnumerable<int> Seeds =>
        Environment.GetEnvironmentVariable("SLEEPER_SEED") is { } one ? [int.Parse(one, CultureInfo.InvariantCulture)]
        : Enumerable.Range(1, Environment.GetEnvironmentVariable("SLEEPER_SEEDS") is { } count ? int.Parse(count, CultureInfo.InvariantCulture) : 40);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tables_that_duckdb_writes_are_the_same_rows_through_a_mapping()
    {
        await NodeTools.RequireAsync();
        var met = new HashSet<string>();
        foreach (int seed in Seeds)
        {
            var random = new Random(seed);
            var columns = Enumerable.Range(0, random.Next(3, 12)).Select(i => new Column(i, Kinds[random.Next(Kinds.Length)], random)).ToList();
            met.UnionWith(columns.Select(column => column.Kind.Value + column.Kind.Conversion + column.Kind.Type));
            string path = Path.Combine(_folder.Path, $"{seed}.parquet");
            string options = ParquetDifferentialTests.Options(random);
            int rows = random.Next(4) == 0 ? random.Next(2_000, 6_000) : random.Next(1, 300);
            await DuckDb.ExecuteAsync(
                $"COPY (SELECT r AS number, {string.Join(", ", columns.Select(column => column.Sql))} FROM range({rows}) AS made(r)) TO {DuckDb.Quote(path)} (FORMAT parquet, {options})");
            var schema = new Schema([new Field("key", FieldType.Long)], null, columns.Select(column => column.Field));
            var mapping = columns.Aggregate(ParquetMapping.ByName.Take("key", "number"), (all, column) => all.Take(column.Field.Name, column.Path, column.Kind.Conversion));

            var table = await IngestedTable.IngestAsync(schema, writer => writer.WriteParquetAsync(path, Token), f => f.WithSplitPoints(100L).WithParquetMapping(mapping));

            var expected = await RowText.ReadByDuckDbAsync(path, schema, field => field.Name == "key" ? "number" : columns[schema.IndexOf(field.Name) - 1].Expected);
            var actual = (await table.AllRowsAsync()).OrderBy(row => row.GetLong(0)).Select(RowText.Of).ToList();
            Assert.Equal(rows, actual.Count);
            for (int i = 0; i < rows; i++)
            {
                Assert.True(
                    expected[i] == actual[i],
                    $"SLEEPER_SEED={seed}, {options}, row {i}: {actual[i]}\n{expected[i]} is what DuckDB reads\n{string.Join('\n', columns.Select(column => $"{column.Field}: {column.Sql}"))}");
            }

            File.Delete(path);
        }

        Assert.InRange(met.Count, Seeds.Count() < 40 ? 1 : Kinds.Length, Kinds.Length);
    }

    /// <summary>One column of a table, which may be the member of a struct, renamed, and null now and then.</summary>
    private sealed class Column
    {
        public Column(int number, (string Value, FieldType Type, ParquetConversion Conversion, string Expected) kind, Random random)
        {
            Kind = kind;
            bool isNullable = random.Next(2) == 0;
            bool isMember = random.Next(4) == 0;
            string bits = $"hash(hash(r, {random.Next()}) % {(random.Next(3) == 0 ? "7" : "18446744073709551615")})";
            string value = kind.Value.Replace("$", bits, StringComparison.Ordinal);
            value = isNullable ? $"CASE WHEN hash(r, {random.Next()}) % 4 > 0 THEN {value} END" : value;
            string name = $"c{number}";
            Path = isMember ? $"{name}.m" : name;
            Sql = (isMember ? $"{{'m': {value}, 'n': r}}" : value) + $" AS {name}";
            Field = new Field(random.Next(2) == 0 && !isMember ? name : $"f{number}", kind.Type, isNullable);
            Expected = $"({kind.Expected.Replace("$", $"({Path})", StringComparison.Ordinal)})";
        }

        public (string Value, FieldType Type, ParquetConversion Conversion, string Expected) Kind { get; }

        public string Path { get; }

        public string Sql { get; }

        public Field Field { get; }

        public string Expected { get; }
    }
}
