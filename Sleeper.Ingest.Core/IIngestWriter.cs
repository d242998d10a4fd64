using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core;

/// <summary>
/// One ingest: takes rows in any order, any number of times, and makes all of them visible at once when it is completed.
/// </summary>
/// <remarks>
/// <para>One call at a time: a second one while another is under way throws <see cref="InvalidOperationException"/> and changes nothing.</para>
/// <para>Disposing without completing aborts: no object, no spill file and no handle is left. After an error or a cancellation the writer takes no
/// more calls; dispose it.</para>
/// <para>Rows with equal keys keep the order in which they were given.</para>
/// </remarks>
public interface IIngestWriter : IAsyncDisposable
{
    /// <summary>The id that decides what commits: a second ingest with this id has no effect.</summary>
    string IngestId { get; }

    /// <summary>True if an earlier run with this id is committed: rows are counted and dropped, completing returns the first result.</summary>
    bool IsAlreadyCommitted { get; }

    /// <summary>Rows taken in so far, bad ones included.</summary>
    long RowCount { get; }

    /// <summary>Takes one row.</summary>
    /// <exception cref="RowRejectedException">The row does not fit the schema or the limits.</exception>
    ValueTask WriteAsync(Row row, CancellationToken cancellationToken = default);

    /// <summary>Takes rows. They are pulled one after the other, never from two threads at once; when memory is used up the pulling waits.</summary>
    /// <exception cref="RowRejectedException">A row does not fit the schema or the limits.</exception>
    Task WriteAsync(IEnumerable<Row> rows, CancellationToken cancellationToken = default);

    /// <summary>Takes rows from an asynchronous source.</summary>
    /// <exception cref="RowRejectedException">A row does not fit the schema or the limits.</exception>
    Task WriteAsync(IAsyncEnumerable<Row> rows, CancellationToken cancellationToken = default);

    /// <summary>Takes rows of a type of your own. The objects must not change before the call returns.</summary>
    /// <typeparam name="T">The type of the rows.</typeparam>
    /// <exception cref="RowRejectedException">A row does not fit the schema or the limits.</exception>
    Task WriteAsync<T>(IEnumerable<T> rows, RowMapping<T> mapping, CancellationToken cancellationToken = default);

    /// <summary>Takes rows of a type of your own from an asynchronous source. The objects must not change before the call returns.</summary>
    /// <typeparam name="T">The type of the rows.</typeparam>
    Task WriteAsync<T>(IAsyncEnumerable<T> rows, RowMapping<T> mapping, CancellationToken cancellationToken = default);

    /// <summary>Takes all rows of a Parquet file on a local disk. Columns are matched to fields by name; further columns are ignored.</summary>
    /// <exception cref="ParquetFormatException">The file is damaged, or asks for more than <see cref="IngestOptions.ParquetLimits"/> allow.</exception>
    /// <exception cref="IngestException">The file is missing, or does not fit the schema: every reason is named.</exception>
    Task WriteParquetAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Takes all rows of a Parquet file in an object store.</summary>
    /// <exception cref="ParquetFormatException">The file is damaged, or asks for more than <see cref="IngestOptions.ParquetLimits"/> allow.</exception>
    /// <exception cref="IngestException">The file is missing, or does not fit the schema: every reason is named.</exception>
    Task WriteParquetAsync(IObjectStore store, string path, CancellationToken cancellationToken = default);

    /// <summary>Writes the data files and makes all rows visible at once.</summary>
    /// <remarks>
    /// Called again after success it returns the same result. A cancellation after the commit was sent does not take it back: the call still finds
    /// out how the commit ended.
    /// </remarks>
    /// <exception cref="StateStores.CommitFailedException">Nothing is visible and nothing is left.</exception>
    /// <exception cref="StateStores.CommitOutcomeUnknownException">It is not known whether the rows are visible; ask later with the ingest id.</exception>
    Task<IngestResult> CompleteAsync(CancellationToken cancellationToken = default);
}
