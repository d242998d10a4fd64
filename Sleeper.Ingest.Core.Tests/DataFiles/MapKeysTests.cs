using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Tests.DataFiles;

public class MapKeysTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public void A_key_is_overruled_where_an_equal_one_follows(int distinct)
    {
        var finder = new MapKeys();
        var random = new Random(distinct);
        for (int count = 0; count < 70; count++)
        {
            int[] keys = [.. Enumerable.Range(0, 5 + count).Select(_ => random.Next(distinct))];
            bool[] expected = [.. keys.Skip(5).Select((key, i) => keys.Skip(6 + i).Contains(key))];
            foreach (var vector in new[] { VectorSamples.Ints(keys), VectorSamples.Longs(keys.Select(key => key * 10_000_000_000L)), VectorSamples.Strings(keys.Select(key => $"{key}")) })
            {
                var overruled = finder.FindOverruled(vector, 5, count).ToArray();
                Assert.Equal(expected.Contains(true) ? expected : [], overruled);
            }
        }
    }
}
