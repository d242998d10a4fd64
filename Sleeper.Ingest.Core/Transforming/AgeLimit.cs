namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Which times are young enough: those with <c>now - time &lt; maxAge</c>, times to come among them. Computed without overflow.</summary>
internal readonly struct AgeLimit
{
    private readonly long _oldest;
    private readonly bool _keepsNone;

    public AgeLimit(long nowMillis, long maxAgeMillis)
    {
        Int128 oldest = (Int128)nowMillis - maxAgeMillis + 1;
        _keepsNone = oldest > long.MaxValue;
        _oldest = (long)Int128.Clamp(oldest, long.MinValue, long.MaxValue);
    }

    public bool Keeps(long timeMillis) => timeMillis >= _oldest && !_keepsNone;
}
