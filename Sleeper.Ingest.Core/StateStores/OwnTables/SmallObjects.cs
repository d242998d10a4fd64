using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>Reads objects that are read whole.</summary>
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
}
