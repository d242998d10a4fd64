using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Queues;

/// <summary>A queue that needs nothing but a place for objects: a folder or a bucket. Any number of processes may send to it and receive from it.</summary>
/// <remarks>
/// <para>A message is an object <c>&lt;name&gt;.json</c> in the queue's folder; who puts such a file there by hand has sent a message, too. Its content is the body, as
/// it is. Paths: <see cref="QueuePaths"/>.</para>
/// <para>A lease is a numbered object, put if absent (<see cref="QueueLease"/>): whoever puts number n+1 has the message, if lease n has run out by the store's own
/// time (<see cref="StoreClock"/>). Prolonging is number n+1 as well, so that only one of two can be told that he holds the message. A holder that sleeps over
/// the end of its lease finds that out when it prolongs it; what it did meanwhile must have a fence of its own.</para>
/// <para>Deleting removes the message, then its leases: leases that a crash in between leaves are removed a day later, by whoever
/// lists the queue then. Nothing else needs cleaning.</para>
/// <para>Leases on a local disk are not synced: after a crash of the machine nobody holds anything.</para>
/// </remarks>
#pragma warning disable CA1001 // The semaphore has no handle of the system's: nobody waits for it in another way than asynchronously.
public sealed class ObjectStoreQueue : IMessageQueue
#pragma warning restore CA1001
{
    private const long MaxBodyBytes = 16L << 20;

    /// <summary>Stores cut the time of an object to whole seconds.</summary>
    private static readonly TimeSpan TimeCut = TimeSpan.FromSeconds(1);

    /// <summary>A listing is used for so long, while it still has messages that seem free.</summary>
    private static readonly TimeSpan ListingValidity = TimeSpan.FromSeconds(2);

    /// <summary>Far beyond what a listing may lag behind.</summary>
    private static readonly TimeSpan OldLease = TimeSpan.FromDays(1);

    private readonly IObjectStore _store;
    private readonly IObjectStore _leaseStore;
    private readonly QueuePaths _paths;
    private readonly ObjectStoreQueueOptions _options;
    private readonly StoreClock _storeClock;
    private readonly string _holder;
    private readonly Func<ulong> _random;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<string, QueueLease?> _knownLeases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ObjectInfo Object, long Since)> _settling = new(StringComparer.Ordinal);
    private readonly List<Candidate> _free = [];
    private long? _listedAt;

    /// <summary>Opens a queue. Nothing is touched before the first call.</summary>
    /// <param name="store">Where it lies.</param>
    /// <param name="folder">The path of its folder in the store; empty for the store itself.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentException">The folder is no path, or a setting is out of its range.</exception>
    public ObjectStoreQueue(IObjectStore store, string folder = "", ObjectStoreQueueOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(folder);
        folder = folder.TrimEnd('/');
        if (folder.Length > 0)
        {
            ObjectPath.Check(folder, nameof(folder));
        }

        _options = options ?? new ObjectStoreQueueOptions();
        RequireOptions(_options);
        _store = store;
        _leaseStore = store is LocalObjectStore local ? new LocalObjectStore(local.RootFolder, new LocalObjectStoreOptions { Durable = false }) : store;
        _paths = new QueuePaths(folder);
        _random = _options.Random ?? SystemRandom.Next;
        _holder = _random().ToString("x16", CultureInfo.InvariantCulture);
        _storeClock = new StoreClock(_leaseStore, _paths.Clock, _options.Clock);
        Name = folder.Length == 0 ? store.Name : $"{store.Name}/{folder}";
    }

    /// <summary>Opens a queue in a local folder, which is made when it is needed.</summary>
    public ObjectStoreQueue(string folder, ObjectStoreQueueOptions? options = null)
        : this(new LocalObjectStore(folder), "", options)
    {
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    /// <remarks>A group is ignored: messages are received about in the order in which they were sent. A deduplication id counts until its message is deleted.</remarks>
    public async Task<string> SendAsync(string body, QueueSendOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        if (bytes.Length > MaxBodyBytes)
        {
            throw new ArgumentException($"The message has {bytes.Length} bytes, and a message of the queue '{Name}' has at most {MaxBodyBytes}.", nameof(body));
        }

        string name = options?.DeduplicationId is { } id ? QueuePaths.NameOf(id) : QueuePaths.NewName(_options.Clock.GetUtcNow(), _random());
        string messageId = QueuePaths.IdOf(name, default);
        if (options is { Delay.Ticks: > 0 })
        {
            var rest = new QueueLease(messageId, QueueLeaseKind.Back, 0, options.Delay.TotalSeconds, _holder);
            await _leaseStore.PutIfAbsentAsync(_paths.Lease(name, 1), rest.ToBytes(), cancellationToken).ConfigureAwait(false);
        }

        // A name is nobody else's: that it is taken says that an earlier attempt, whose answer was lost, or the first message of this deduplication id, is there.
        await _store.PutIfAbsentAsync(_paths.Message(name), bytes, cancellationToken).ConfigureAwait(false);
        return messageId;
    }

    /// <inheritdoc/>
    public async Task<QueueMessage?> ReceiveAsync(TimeSpan wait, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        long started = _options.Clock.GetTimestamp();
        while (true)
        {
            if (await TryReceiveAsync(lease, cancellationToken).ConfigureAwait(false) is { } message)
            {
                return message;
            }

            var left = wait - _options.Clock.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            await Task.Delay(left < _options.PollInterval ? left : _options.PollInterval, _options.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> KeepAsync(QueueMessage message, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        var receipt = Receipt.Of(message);
        var next = new QueueLease(message.Id, QueueLeaseKind.Kept, message.ReceiveCount, lease.TotalSeconds, receipt.Holder);
        return await ContinueAsync(receipt, next, cancellationToken).ConfigureAwait(false) is not null;
    }

    /// <inheritdoc/>
    public async Task GiveBackAsync(QueueMessage message, TimeSpan delay, string? reason = null, CancellationToken cancellationToken = default)
    {
        var receipt = Receipt.Of(message);
        var next = new QueueLease(message.Id, QueueLeaseKind.Back, message.ReceiveCount, Math.Max(0, delay.TotalSeconds), receipt.Holder, reason);
        await ContinueAsync(receipt, next, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(QueueMessage message, CancellationToken cancellationToken = default)
    {
        var receipt = Receipt.Of(message);
        if (!QueuePaths.IsSent(receipt.Name) && await IsAnotherAsync(receipt.Name, message.Id, cancellationToken).ConfigureAwait(false))
        {
            return; // somebody has put another message under the name: that one stays
        }

        await _store.DeleteAsync(_paths.Message(receipt.Name), cancellationToken).ConfigureAwait(false);
        await RemoveLeasesAsync(QueuePaths.Hash(receipt.Name), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task SetAsideAsync(QueueMessage message, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(reason);
        await BuryAsync(message.Id, Encoding.UTF8.GetBytes(message.Body ?? ""), reason, cancellationToken).ConfigureAwait(false);
        await DeleteAsync(message, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<long> CountAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ListAsync(cancellationToken).ConfigureAwait(false);
            return _free.Count;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public Task<QueuePolicy> GetPolicyAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(new QueuePolicy(_options.MaxReceiveCount, $"{_store.Name}/{_paths.DeadLetters}"));

    private static void RequireOptions(ObjectStoreQueueOptions options)
    {
        if (options.MaxReceiveCount < 1 || options.PollInterval <= TimeSpan.Zero || options.SettleTime < TimeSpan.Zero)
        {
            throw new ArgumentException(
                $"Settings of a queue: MaxReceiveCount is {options.MaxReceiveCount} (at least 1), PollInterval {options.PollInterval} (more than 0), "
                + $"SettleTime {options.SettleTime} (not negative).",
                nameof(options));
        }
    }

    private async Task<QueueMessage?> TryReceiveAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        bool isFresh = false;
        while (true)
        {
            var (candidate, listed) = await NextCandidateAsync(isFresh, cancellationToken).ConfigureAwait(false);
            isFresh |= listed;
            if (candidate is null)
            {
                return null;
            }

            if (await TryTakeAsync(candidate, lease, cancellationToken).ConfigureAwait(false) is { } message)
            {
                return message;
            }
        }
    }

    /// <summary>One of the messages that seem free: chosen by chance among the first, so that not everybody wants the same one.</summary>
    private async Task<(Candidate? Candidate, bool Listed)> NextCandidateAsync(bool isFresh, CancellationToken cancellationToken)
    {
        const int FirstOnes = 32;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool mustList = !isFresh && (_free.Count == 0 || _listedAt is not { } listed || _options.Clock.GetElapsedTime(listed) > ListingValidity);
            if (mustList)
            {
                await ListAsync(cancellationToken).ConfigureAwait(false);
            }

            if (_free.Count == 0)
            {
                return (null, mustList);
            }

            int index = (int)(_random() % (ulong)Math.Min(FirstOnes, _free.Count));
            var candidate = _free[index];
            _free.RemoveAt(index);
            return (candidate, mustList);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        _free.Clear();
        var listing = await QueueListing.ReadAsync(_store, _paths, cancellationToken).ConfigureAwait(false);
        _listedAt = _options.Clock.GetTimestamp();
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (var found in listing.Messages)
        {
            string name = _paths.NameIn(found.Path)!;
            string id = QueuePaths.IdOf(name, found.LastModified);
            var (number, at) = listing.NewestLease(name);
            QueueLease? newest = null;
            if (at is not null)
            {
                seen.Add(at.Path);
                newest = await ReadLeaseAsync(at.Path, cancellationToken).ConfigureAwait(false);
            }

            if (IsSettled(name, found) && (newest is null || await IsOverAsync(newest, id, at!.LastModified, cancellationToken).ConfigureAwait(false)))
            {
                _free.Add(new Candidate(name, id, number, newest is not null && newest.MessageId == id ? newest : null));
            }
        }

        await RemoveOldLeasesAsync(listing, cancellationToken).ConfigureAwait(false);
        Forget(_knownLeases, seen);
        Forget(_settling, [.. listing.Messages.Select(m => _paths.NameIn(m.Path)!)]);
    }

    /// <summary>Removes leases of messages that are gone: who deleted the message died before it came to them.</summary>
    private async Task RemoveOldLeasesAsync(QueueListing listing, CancellationToken cancellationToken)
    {
        foreach (var (hash, newest) in listing.LeasesWithoutMessage(_paths))
        {
            if (await _storeClock.GetNowAsync(cancellationToken).ConfigureAwait(false) - newest.LastModified > OldLease)
            {
                await RemoveLeasesAsync(hash, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static void Forget<T>(Dictionary<string, T> known, HashSet<string> seen)
    {
        foreach (string key in known.Keys.Where(k => !seen.Contains(k)).ToList())
        {
            known.Remove(key);
        }
    }

    private bool IsSettled(string name, ObjectInfo found)
    {
        if (QueuePaths.IsSent(name) || _options.SettleTime == TimeSpan.Zero)
        {
            return true;
        }

        long now = _options.Clock.GetTimestamp();
        if (!_settling.TryGetValue(name, out var known) || known.Object != found)
        {
            _settling[name] = (found, now);
            return false;
        }

        return _options.Clock.GetElapsedTime(known.Since, now) >= _options.SettleTime;
    }

    /// <summary>Whether nobody holds the message by this lease. One of another message of the same name counts for nothing.</summary>
    private async Task<bool> IsOverAsync(QueueLease lease, string messageId, DateTimeOffset written, CancellationToken cancellationToken)
    {
        if (lease.MessageId != messageId || (lease.Kind == QueueLeaseKind.Back && lease.Seconds <= 0))
        {
            return true;
        }

        var now = await _storeClock.GetNowAsync(cancellationToken).ConfigureAwait(false);
        return now >= written + TimeSpan.FromSeconds(lease.Seconds) + TimeCut;
    }

    /// <summary>The lease at a path; null if it is gone or is none. Leases never change, so one is read once.</summary>
    private async Task<QueueLease?> ReadLeaseAsync(string path, CancellationToken cancellationToken)
    {
        if (!_knownLeases.TryGetValue(path, out var lease))
        {
            var bytes = await ReadAsync(_leaseStore, path, cancellationToken).ConfigureAwait(false);
            lease = bytes is null ? null : QueueLease.TryRead(bytes);
            _knownLeases[path] = lease;
        }

        return lease;
    }

    /// <summary>Takes a message if nobody is faster; null if somebody was, if it is gone, or if it has been received too often and was put with the dead letters.</summary>
    private async Task<QueueMessage?> TryTakeAsync(Candidate candidate, TimeSpan lease, CancellationToken cancellationToken)
    {
        int receives = (candidate.Newest?.Receives ?? 0) + 1;
        string holder = $"{_holder}{_random():x16}";
        var wanted = new QueueLease(candidate.Id, QueueLeaseKind.Received, receives, lease.TotalSeconds, holder);
        long number = candidate.LeaseNumber + 1;
        if (!await TryPutAsync(candidate.Name, number, wanted, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        byte[]? body = await ReadAsync(_store, _paths.Message(candidate.Name), cancellationToken).ConfigureAwait(false);
        if (body is null)
        {
            await RemoveLeasesAsync(QueuePaths.Hash(candidate.Name), cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (!QueuePaths.IsSent(candidate.Name) && await IsAnotherAsync(candidate.Name, candidate.Id, cancellationToken).ConfigureAwait(false))
        {
            return null; // written anew meanwhile: leases of the old message count for nothing
        }

        if (receives > _options.MaxReceiveCount)
        {
            string reason = candidate.Newest?.Reason ?? "Nobody said why it was not finished: its receivers ended or lost their lease.";
            await BuryAsync(candidate.Id, body, $"Received {receives - 1} times. The last reason: {reason}", cancellationToken).ConfigureAwait(false);
            await _store.DeleteAsync(_paths.Message(candidate.Name), cancellationToken).ConfigureAwait(false);
            await RemoveLeasesAsync(QueuePaths.Hash(candidate.Name), cancellationToken).ConfigureAwait(false);
            return null;
        }

        return new QueueMessage { Id = candidate.Id, Body = Text(body), ReceiveCount = receives, Receipt = new Receipt(number, holder, candidate.Name).ToString() };
    }

    /// <summary>The next lease of a holder; null if somebody else has put one meanwhile.</summary>
    private async Task<long?> ContinueAsync(Receipt receipt, QueueLease next, CancellationToken cancellationToken)
    {
        // The holder's own later leases are passed over: a receipt is of the first one.
        for (long number = receipt.Number + 1; ; number++)
        {
            if (await TryPutAsync(receipt.Name, number, next, cancellationToken).ConfigureAwait(false))
            {
                return await IsThereAsync(receipt, number, cancellationToken).ConfigureAwait(false) ? number : null;
            }

            byte[]? bytes = await ReadAsync(_leaseStore, _paths.Lease(receipt.Name, number), cancellationToken).ConfigureAwait(false);
            if (bytes is null || QueueLease.TryRead(bytes) is not { Kind: QueueLeaseKind.Kept } found || found.Holder != receipt.Holder)
            {
                return null;
            }
        }
    }

    /// <summary>
    /// Whether a receipt's lease is still there, and so the message. If it is not, somebody deleted the message, and the lease that was put after it goes, too.
    /// </summary>
    private async Task<bool> IsThereAsync(Receipt receipt, long next, CancellationToken cancellationToken)
    {
        if (await _leaseStore.HeadAsync(_paths.Lease(receipt.Name, receipt.Number), cancellationToken).ConfigureAwait(false) is not null)
        {
            return true;
        }

        await _leaseStore.DeleteAsync(_paths.Lease(receipt.Name, next), cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <summary>Puts a lease. After an error the place is looked at: it may be there all the same.</summary>
    private async Task<bool> TryPutAsync(string name, long number, QueueLease lease, CancellationToken cancellationToken)
    {
        string path = _paths.Lease(name, number);
        byte[] bytes = lease.ToBytes();
        try
        {
            return await _leaseStore.PutIfAbsentAsync(path, bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            byte[]? there = await ReadAsync(_leaseStore, path, cancellationToken).ConfigureAwait(false);
            if (there is null)
            {
                throw;
            }

            return there.AsSpan().SequenceEqual(bytes);
        }
    }

    private async Task<bool> IsAnotherAsync(string name, string id, CancellationToken cancellationToken) =>
        await _store.HeadAsync(_paths.Message(name), cancellationToken).ConfigureAwait(false) is { } there && QueuePaths.IdOf(name, there.LastModified) != id;

    private async Task BuryAsync(string id, byte[] body, string reason, CancellationToken cancellationToken)
    {
        await _store.PutAsync(_paths.DeadLetterReason(id), Encoding.UTF8.GetBytes(reason + "\n"), cancellationToken).ConfigureAwait(false);
        await _store.PutAsync(_paths.DeadLetter(id), body, cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveLeasesAsync(string hash, CancellationToken cancellationToken)
    {
        List<string> found = [];
        await foreach (var lease in _leaseStore.ListAsync(_paths.LeasesOf(hash), null, cancellationToken).ConfigureAwait(false))
        {
            found.Add(lease.Path);
        }

        foreach (string path in found)
        {
            await _leaseStore.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<byte[]?> ReadAsync(IObjectStore store, string path, CancellationToken cancellationToken)
    {
        var reader = await store.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        if (reader is null)
        {
            return null;
        }

        await using (reader.ConfigureAwait(false))
        {
            // Longer than any message: its beginning is enough to say that it is none.
            byte[] bytes = new byte[Math.Min(reader.LengthBytes, MaxBodyBytes + 1)];
            await reader.ReadAsync(0, bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }

    /// <summary>The body as text: bytes that are no UTF-8 become U+FFFD, a byte order mark is left out.</summary>
    private static string Text(byte[] body)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        return Encoding.UTF8.GetString(body.AsSpan().StartsWith(mark) ? body.AsSpan(mark.Length) : body);
    }

    /// <summary>A message that seems free, with the newest lease that was seen of it.</summary>
    private sealed record Candidate(string Name, string Id, long LeaseNumber, QueueLease? Newest);

    /// <summary>What a receipt says: the number of the lease, its holder, the message's name.</summary>
    private sealed record Receipt(long Number, string Holder, string Name)
    {
        public static Receipt Of([NotNull] QueueMessage? message)
        {
            ArgumentNullException.ThrowIfNull(message);
            string[] parts = message.Receipt.Split('/', 3);
            return parts.Length == 3 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                ? new Receipt(number, parts[1], parts[2])
                : throw new ArgumentException($"The receipt '{message.Receipt}' is not one of this queue.", nameof(message));
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}/{Holder}/{Name}");
    }
}
