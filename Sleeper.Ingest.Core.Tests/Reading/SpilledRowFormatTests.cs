using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

public sealed class SpilledRowFormatTests
{
    [Fact]
    public unsafe void Rows_of_any_schema_come_back_as_they_were()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new RandomRows(seed);
            var schema = random.Schema();
            var row = random.Row(schema);
            byte[] key = new byte[random.Random.Next(1, 50)];
            random.Random.NextBytes(key);
            int ordinal = random.Random.Next();
            using var batch = new RowBatch(new MemoryBudget(1 << 30), 64, 1);

            SpilledRowFormat.Write(batch, key, ordinal, row);

            var written = new ReadOnlySpan<byte>(batch.Start, batch.CurrentKeyBytes);
            Assert.True(written[..^SpilledRowFormat.OrdinalBytes].SequenceEqual(key));
            Assert.Equal(ordinal, SpilledRowFormat.OrdinalOf(written));
            Assert.Equal(row, SpilledRowFormat.Read(schema, batch.Start + batch.CurrentKeyBytes));
        }
    }
}
