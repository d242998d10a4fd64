using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>Which files an ingest commits through the queue: objects in the data bucket, put before anything is sent, each once.</summary>
/// <remarks>
/// <code>
/// &lt;table id&gt;/statestore/ingests/&lt;hash of the ingest&gt;-1      the message of the attempt that came first
///                                                  -2      the same message: another run sends it too, so it stands; or empty: the first called it off
///                                                  -3      after an empty one: the message of the next attempt
/// </code>
/// <para>A message in the queue cannot be seen or taken back, so a second attempt cannot know of it from the log. The claim tells: who finds one sends that message and
/// none of his own. The queue, or whoever applies the log, drops what came twice, as it names the same files.</para>
/// <para>A claim may go when the log has the ingest's entry, and not before: who claims looks at the log afterwards.</para>
/// </remarks>
internal sealed class CommitClaims(IObjectStore dataBucket, LiveTablePaths paths)
{
    private const int MaxListed = 1000;
    private const int MaxParallelLooks = 32;

    /// <summary>The latest claim; null if there is none.</summary>
    public async Task<CommitClaim?> FindAsync(string ingestHash, CancellationToken cancellationToken)
    {
        CommitClaim? last = null;
        while (await SmallObjects.ReadAsync(dataBucket, paths.Claim(ingestHash, (last?.Number ?? 0) + 1), cancellationToken).ConfigureAwait(false) is { } bytes)
        {
            string message = Encoding.UTF8.GetString(bytes.Span);
            last = new CommitClaim((last?.Number ?? 0) + 1, message, message.Length > 0 && message == last?.Message);
        }

        return last;
    }

    /// <summary>Puts a claim; false if the number is taken.</summary>
    public Task<bool> TryPutAsync(string ingestHash, int number, string message, CancellationToken cancellationToken) =>
        dataBucket.PutIfAbsentAsync(paths.Claim(ingestHash, number), Encoding.UTF8.GetBytes(message), cancellationToken);

    /// <summary>Claims that there are, of any ingest; as many as one page of a listing has.</summary>
    public async Task<IReadOnlyList<ClaimKey>> ListAsync(CancellationToken cancellationToken)
    {
        List<ClaimKey> claims = [];
        await foreach (var found in dataBucket.ListAsync(paths.ClaimsPrefix, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (LiveTablePaths.TryParseClaim(found.Path, out string hash, out int number))
            {
                claims.Add(new ClaimKey(hash, number));
            }

            if (claims.Count == MaxListed)
            {
                break;
            }
        }

        return claims;
    }

    public Task RemoveAsync(ClaimKey claim, CancellationToken cancellationToken) => dataBucket.DeleteAsync(paths.Claim(claim.IngestHash, claim.Number), cancellationToken);

    /// <summary>Whether the files of a claim are all there.</summary>
    public async Task<bool> HasFilesAsync(IReadOnlyList<DataFile> files, CancellationToken cancellationToken)
    {
        foreach (var some in files.Chunk(MaxParallelLooks))
        {
            bool[] found = await Task.WhenAll(some.Select(f => HasObjectAsync(LiveTablePaths.KeyOf(f.FileName), cancellationToken))).ConfigureAwait(false);
            if (found.Contains(false))
            {
                return false;
            }
        }

        return true;
    }

    public async Task<bool> HasObjectAsync(string key, CancellationToken cancellationToken) =>
        await dataBucket.HeadAsync(key, cancellationToken).ConfigureAwait(false) is not null;
}
