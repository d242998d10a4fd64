namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>Times as Sleeper keeps them: milliseconds since 1970, of any 64-bit number.</summary>
internal static class EpochTime
{
    private static readonly long Min = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Max = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Times beyond the years 1 to 9999, which only a faulty clock gives, are taken as the nearest one.</summary>
    public static DateTimeOffset From(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, Min, Max));
}
