using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>A way through rows in key order that a merge takes part in: those of a file reference, or of a run on disk.</summary>
/// <remarks>It stands at a row when it takes part. One caller at a time.</remarks>
internal interface IMergeCursor : IAsyncDisposable
{
    /// <summary>The present row's normalised key.</summary>
    ReadOnlySpan<byte> Key { get; }

    /// <summary>Rows with equal keys come in the order of these.</summary>
    int Ordinal { get; }

    /// <summary>Moves to the next row of what is in memory; false if that has none.</summary>
    bool TryMoveNext();

    /// <summary>After that: moves to the next row, which has to be read; false at the end.</summary>
    ValueTask<bool> MoveToNextStretchAsync(CancellationToken cancellationToken);

    /// <summary>The present row, of the fields that are given.</summary>
    Row MakeRow();
}
