namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Drops rows whose time is too long ago: the table filter <c>ageOff(field,age)</c>, and the Java original's <c>AgeOffIterator</c>.</summary>
/// <param name="FieldIndex">The field with the time, a long, among all fields of the schema.</param>
/// <param name="MaxAgeMillis">Milliseconds after which a row is dropped.</param>
internal sealed record AgeOff(int FieldIndex, long MaxAgeMillis)
{
    /// <summary>What is kept at a moment.</summary>
    /// <param name="nowMillis">Milliseconds since 1970.</param>
    public AgeLimit At(long nowMillis) => new(nowMillis, MaxAgeMillis);
}
