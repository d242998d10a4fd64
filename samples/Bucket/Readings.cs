using System.Globalization;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Samples.Bucket;

/// <summary>What a thousand meters say in a day: made up, and the same in each run.</summary>
internal static class Readings
{
    private const int Devices = 1_000;
    private const int ReadingsADay = 96; // one every quarter of an hour

    public static Schema Schema { get; } = Schema.Create().RowKey("device", FieldType.String).SortKey("time", FieldType.Long).Value("milliwatts", FieldType.Int).Build();

    /// <summary>In the order of time, as they would come in: the table has them by device.</summary>
    public static IEnumerable<Row> OfDay(int day)
    {
        var random = new Random(day);
        long midnight = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day - 1).ToUnixTimeMilliseconds();
        for (int quarter = 0; quarter < ReadingsADay; quarter++)
        {
            long time = midnight + (quarter * 15L * 60 * 1000);
            for (int device = 0; device < Devices; device++)
            {
                yield return new Row(Schema, string.Create(CultureInfo.InvariantCulture, $"device-{device:D4}"), time, random.Next(500, 90_000));
            }
        }
    }
}
