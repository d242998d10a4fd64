using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

public class ChunkDictionaryTests
{
    /// <summary>What is counted by hashes, or by neighbours, must lead to what counting the values leads to.</summary>
    [Fact]
    public void Dictionary_looks_worthwhile_if_an_eighth_of_the_first_values_were_there_before()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int count = random.Next(1, 3000);
            int sample = Math.Min(2048, count);
            int range = 1 + random.Next(4 * count);
            long step = random.Next(2) == 0 ? 1 : 0x1_0000_0001 * random.Next();
            long[] numbers = [.. Enumerable.Range(0, count).Select(_ => random.Next(range) * step)];
            string filling = new('-', random.Next(20));
            string[] texts = [.. numbers.Select(n => n % 3 == 0 ? $"{n}" : $"{n % 1000}{filling}{n / 1000}")];
            Assert.Equal(IsRepeated(numbers), Looks(PhysicalType.Int64, VectorSamples.Longs(numbers), false));
            Assert.Equal(IsRepeated([.. numbers.Select(n => (int)n)]), Looks(PhysicalType.Int32, VectorSamples.Ints(numbers.Select(n => (int)n)), false));
            Assert.Equal(IsRepeated(texts), Looks(PhysicalType.ByteArray, VectorSamples.Strings(texts), false));

            Array.Sort(numbers);
            Array.Sort(texts, string.CompareOrdinal);
            Assert.Equal(IsRepeated(numbers), Looks(PhysicalType.Int64, VectorSamples.Longs(numbers), true));
            Assert.Equal(IsRepeated(texts), Looks(PhysicalType.ByteArray, VectorSamples.Strings(texts), true));

            bool IsRepeated<T>(T[] values) => values.Take(sample).Distinct().Count() <= sample - (sample / 8);
        }
    }

    private static bool Looks(PhysicalType type, ColumnVector values, bool isAscending)
    {
        var schema = new ParquetSchema("rows", [SchemaNode.Primitive("value", Repetition.Required, type)]);
        var page = new PageValues(values, default, new PageExtent(values.ValueCount, values.ValueCount, values.ValueCount));
        return new ChunkDictionary(schema.Columns[0], 1 << 20).LooksWorthwhile(page, isAscending);
    }
}
