using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>The memory that the reader of one column chunk takes: for its window, its dictionary and its page without compression.</summary>
/// <remarks>Knows what its column needs at the least, so that a refusal can say what the row group needs.</remarks>
/// <param name="source">Where memory is taken.</param>
/// <param name="measureAsync">Finds out what all columns of the row group need.</param>
/// <param name="giveWayAsync">Lets go of what the row group fetched before it is needed; false if that is nothing.</param>
/// <param name="spares">Where buffers are taken and given back.</param>
internal sealed class PageMemory(IReadMemory source, Func<CancellationToken, Task<long>> measureAsync, Func<ValueTask<bool>> giveWayAsync, SpareBuffers spares)
{
    private long _dictionaryBytes;
    private long _pageBytes;

    /// <summary>Bytes for the dictionary and for the largest page that were met so far, as stored and without compression.</summary>
    public long NeededBytes => _dictionaryBytes + _pageBytes;

    /// <summary>Notes what the dictionary takes in memory.</summary>
    public void NoteDictionary(long bytes) => _dictionaryBytes = bytes;

    /// <summary>Notes what a page takes in memory.</summary>
    public void NotePage(long bytes) => _pageBytes = Math.Max(_pageBytes, bytes);

    /// <summary>Takes memory, or throws what <see cref="IReadMemory.NotEnough"/> makes.</summary>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        if (!await TryTakeAsync(bytes, cancellationToken).ConfigureAwait(false))
        {
            throw source.NotEnough(await measureAsync(cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Takes memory; false if it cannot be had though what was read on has given way.</summary>
    public async ValueTask<bool> TryTakeAsync(long bytes, CancellationToken cancellationToken) =>
        await source.TryReserveAsync(bytes, cancellationToken).ConfigureAwait(false)
        || ((spares.Free() | await giveWayAsync().ConfigureAwait(false)) && await source.TryReserveAsync(bytes, cancellationToken).ConfigureAwait(false));

    /// <summary>Takes memory that can be done without; false if too little is free.</summary>
    public bool TryTake(long bytes) => source.TryReserve(bytes);

    /// <summary>A buffer of at least so many bytes, which were taken. All of its bytes are then counted as taken.</summary>
    public NativeBuffer TakeBuffer(long bytes) => spares.Take(bytes, source);

    /// <summary>Takes a buffer back, with all its bytes.</summary>
    public void GiveBack(NativeBuffer buffer) => spares.Give(buffer, source);

    public void GiveBack(long bytes) => source.Release(bytes);
}
