using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>
/// Many consumers of one queue in a simulated bucket, in virtual time: requests fail before and after their effect, land late, listings are old, consumers sleep, die
/// and are replaced. Whatever happens, no acknowledged message is lost, and no lease is taken before the one before has run out by the store's time.
/// </summary>
public sealed class QueueSimulationTests
{
    private const int Messages = 12;
    private const int Consumers = 5;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    [Fact]
    public void No_message_is_lost_and_no_lease_is_taken_early()
    {
        int seeds = int.TryParse(Environment.GetEnvironmentVariable("SLEEPER_SEEDS"), out int wanted) ? Math.Min(wanted, 20_000) : 40;
        long redeliveries = 0;
        for (int seed = 1; seed <= seeds; seed++)
        {
            redeliveries += new Run(seed).Check();
        }

        Assert.True(redeliveries > seeds, $"Only {redeliveries} messages came more than once: the faults do not reach the queue.");
    }

    [Fact]
    public void A_queue_that_takes_leases_early_is_found_out()
    {
        var error = Assert.Throws<SimulationFailure>(() =>
        {
            for (int seed = 1; seed <= 50; seed++)
            {
                new Run(seed) { LeaseOnPaper = TimeSpan.FromSeconds(1) }.Check();
            }
        });

        Assert.Contains("taken", error.Message, StringComparison.Ordinal);
    }

    private sealed class Run
    {
        private readonly int _seed;
        private readonly SimulationLoop _loop;
        private readonly SimulatedBucket _bucket;
        private readonly Faults _faults;
        private readonly HashSet<string> _acknowledged = [];
        private readonly HashSet<string> _done = [];
        private readonly Dictionary<string, DateTimeOffset> _deleting = [];
        private bool _isOver;
        private long _redeliveries;
        private int _consumers;

        public Run(int seed)
        {
            _seed = seed;
            _loop = new SimulationLoop(seed);
            _bucket = new SimulatedBucket(_loop);
            _faults = new Faults(_loop.Random);
        }

        /// <summary>What consumers believe their lease to last; the bug of the second test is to write a shorter one down.</summary>
        public TimeSpan LeaseOnPaper { get; init; } = Lease;

        public long Check()
        {
            var all = SimulateAsync();
            _loop.Run(all);
            all.GetAwaiter().GetResult();
            CheckLeases();
            string[] left = [.. _bucket.Paths.Where(p => p != "q/leases/clock")];
            return left.Length == 0 ? _redeliveries : throw Failure($"Left behind: {string.Join(", ", left)}");
        }

        private async Task SimulateAsync()
        {
            var senders = Enumerable.Range(0, Messages).Select(SendAsync).ToList();
            for (int i = 0; i < Consumers; i++)
            {
                _ = ConsumeAsync();
            }

            await Task.WhenAll(senders);
            var start = _loop.Now;
            while (_acknowledged.Any(id => !_done.Contains(id)) || _bucket.Paths.Any(p => !p.StartsWith("q/leases/", StringComparison.Ordinal)))
            {
                await _loop.DelayAsync(TimeSpan.FromSeconds(30));
                _faults.IsQuiet |= _loop.Now - start > TimeSpan.FromHours(6);
                if (_loop.Now - start > TimeSpan.FromDays(9))
                {
                    throw Failure($"Not done after nine days: {string.Join(", ", _acknowledged.Where(id => !_done.Contains(id)))}; objects: {string.Join(", ", _bucket.Paths)}");
                }
            }

            // What died on its way has landed by then; leases without a message are removed a day later.
            _isOver = true;
            _faults.IsQuiet = true;
            await _loop.DelayAsync(TimeSpan.FromDays(5));
            var (queue, _) = NewQueue("last");
            if (await queue.ReceiveAsync(TimeSpan.Zero, Lease) is { } late)
            {
                throw Failure($"The message '{late.Id}' came after all were done.");
            }
        }

        private async Task SendAsync(int number)
        {
            var (queue, _) = NewQueue($"sender {number}");
            await _loop.DelayAsync(TimeSpan.FromSeconds(_loop.Random.Next(600)));
            try
            {
                _acknowledged.Add(await queue.SendAsync($"message {number}"));
            }
            catch (IOException)
            {
                // Not acknowledged: it may be there or not.
            }
        }

        private async Task ConsumeAsync()
        {
            string name = $"consumer {++_consumers}";
            var (queue, client) = NewQueue(name);
            while (!_isOver)
            {
                try
                {
                    if (await queue.ReceiveAsync(TimeSpan.FromSeconds(20), LeaseOnPaper) is { } message)
                    {
                        _redeliveries += message.ReceiveCount > 1 ? 1 : 0;
                        _loop.Trace($"{name} has {message.Id}");
                        await WorkAsync(queue, message, client);
                    }
                }
                catch (IOException)
                {
                    await _loop.DelayAsync(TimeSpan.FromSeconds(5));
                }

                if (_faults.Happens(FaultKind.Crash, 6))
                {
                    Replace(client);
                    return;
                }
            }
        }

        private async Task WorkAsync(ObjectStoreQueue queue, QueueMessage message, BucketClient client)
        {
            int steps = _loop.Random.Next(1, 8);
            for (int step = 0; step < steps; step++)
            {
                await _loop.DelayAsync(TimeSpan.FromSeconds(_loop.Random.Next(1, 25)));
                if (_faults.Happens(FaultKind.Crash, 15))
                {
                    Replace(client);
                    await new TaskCompletionSource().Task; // never again
                }

                if (!await queue.KeepAsync(message, LeaseOnPaper))
                {
                    return;
                }
            }

            if (_loop.Random.Next(5) == 0)
            {
                await queue.GiveBackAsync(message, TimeSpan.FromSeconds(_loop.Random.Next(0, 90)));
                return;
            }

            // The ledger of a table stands here: it counts once, whoever comes.
            _done.Add(message.Id);
            await queue.DeleteAsync(message);
        }

        private void Replace(BucketClient client)
        {
            client.IsDead = true;
            _ = ConsumeAsync();
        }

        /// <summary>Each lease that was received, against the one before it.</summary>
        private void CheckLeases()
        {
            foreach (var (path, bytes) in _bucket.FirstBytes.Where(o => o.Key.StartsWith("q/leases/", StringComparison.Ordinal)))
            {
                int dash = path.LastIndexOf('-');
                if (dash < 0 || QueueLease.TryRead(bytes) is not { Kind: QueueLeaseKind.Received } lease)
                {
                    continue;
                }

                string before = $"{path[..dash]}-{long.Parse(path[(dash + 1)..^5]) - 1:D10}.json";
                bool isDeleted = _deleting.TryGetValue($"q/{lease.MessageId}.json", out var deleting) && deleting <= _bucket.FirstTimes[path];
                if (!isDeleted && _bucket.FirstBytes.TryGetValue(before, out byte[]? earlier) && QueueLease.TryRead(earlier) is { Kind: not QueueLeaseKind.Back }
                    && _bucket.FirstTimes[path] < _bucket.FirstTimes[before] + Lease)
                {
                    throw Failure($"{path} was taken {(_bucket.FirstTimes[path] - _bucket.FirstTimes[before]).TotalSeconds} s after {before}.");
                }
            }
        }

        private (ObjectStoreQueue Queue, BucketClient Client) NewQueue(string actor)
        {
            var skew = _faults.Happens(FaultKind.ClockSkew, 3) ? TimeSpan.FromMinutes(_loop.Random.Next(-2_880, 2_880)) : TimeSpan.Zero;
            var client = new WatchedClient(_bucket, _faults, actor, path => _deleting.TryAdd(path, _loop.Now));
            var queue = new ObjectStoreQueue(client, "q", new()
            {
                Clock = new SimulatedClock(_loop, skew),
                MaxReceiveCount = 1_000,
                PollInterval = TimeSpan.FromSeconds(7),
                Random = () => (ulong)_loop.Random.NextInt64(),
            });
            return (queue, client);
        }

        private SimulationFailure Failure(string what) => new($"Seed {_seed}: {what}\n{string.Join('\n', _loop.Recent)}");
    }

    private sealed class WatchedClient(SimulatedBucket bucket, Faults faults, string actor, Action<string> onDelete) : BucketClient(bucket, faults, actor)
    {
        public override Task DeleteAsync(string path, CancellationToken cancellationToken = default)
        {
            onDelete(path);
            return base.DeleteAsync(path, cancellationToken);
        }
    }
}
