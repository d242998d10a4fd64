using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>Objects that are read whole, and what is done to those that others put.</summary>
internal static class SmallObjects
{
    /// <summary>Beyond this an object is no log entry, intent or properties of ours: a claim that is not believed.</summary>
    private const long MaxBytes = 1L << 30;

    /// <summary>All bytes of an object; null if there is none.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(IObjectStore store, string path, CancellationToken cancellationToken)
    {
        var reader = await store.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        if (reader is null)
        {
            return null;
        }

        await using (reader.ConfigureAwait(false))
        {
            if (reader.LengthBytes > MaxBytes)
            {
                throw new TableDamagedException(
                    $"'{path}' in '{store.Name}'", $"It is {reader.LengthBytes} bytes long, but objects of its kind are never longer than {MaxBytes}.");
            }

            byte[] bytes = new byte[reader.LengthBytes];
            await reader.ReadAsync(0, bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }

    /// <summary>Makes objects that were found, whoever put them, survive a crash of the machine. On a bucket that is no request.</summary>
    public static async Task MakeDurableAsync(IObjectStore store, IReadOnlyCollection<string> found, CancellationToken cancellationToken)
    {
        var barrier = await store.OpenBarrierAsync(cancellationToken).ConfigureAwait(false);
        await using (barrier.ConfigureAwait(false))
        {
            await barrier.FlushAsync(found, cancellationToken).ConfigureAwait(false);
        }
    }
}
