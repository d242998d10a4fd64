using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Bits of a script; one too many is a failure.</summary>
internal sealed class GivenBits(params int[] bits) : ISketchBits
{
    private int _next;

    public int Drawn => _next;

    public bool Next() => bits[_next++] != 0;
}
