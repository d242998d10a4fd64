namespace Sleeper.Ingest.Core.Sketches;

/// <summary>A source of fair bits: one is drawn whenever a sketch throws away half of a sorted buffer. One caller at a time.</summary>
internal interface ISketchBits
{
    /// <summary>The next bit.</summary>
    bool Next();
}
