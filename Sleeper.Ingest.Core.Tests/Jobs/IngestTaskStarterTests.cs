using System.Diagnostics;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Tasks started by the length of the queue.</summary>
public sealed class IngestTaskStarterTests
{
    private readonly ScriptedQueue _queue = new(new ObjectStoreQueue(new InMemoryObjectStore()));
    private readonly CountedLauncher _launcher = new();

    [Theory]
    [InlineData(0, 0, 200, 1, 0)]
    [InlineData(3, 0, 200, 1, 3)]
    [InlineData(3, 199, 200, 1, 1)]
    [InlineData(3, 200, 200, 1, 0)]
    [InlineData(3, 250, 200, 1, 0)]
    [InlineData(7, 1, 4, 1, 3)]
    [InlineData(7, 0, 200, 3, 3)]
    [InlineData(6, 0, 200, 3, 2)]
    public async Task As_many_as_messages_wait_up_to_the_maximum(int waiting, int running, int max, int jobsPerTask, int expected)
    {
        for (int i = 0; i < waiting; i++)
        {
            await _queue.SendAsync("{}", null, TestContext.Current.CancellationToken);
        }

        _launcher.Running = running;

        int started = await new IngestTaskStarter(_queue, _launcher, new() { MaxTasks = max, JobsPerTask = jobsPerTask }).RunOnceAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected, started);
        Assert.Equal(expected > 0 ? [expected] : [], _launcher.Launches);
        if (waiting == 0)
        {
            Assert.Equal(0, _launcher.Counts); // the cluster is not asked for nothing
        }
    }

    [Fact]
    public async Task It_looks_at_once_and_every_period_and_an_error_does_not_end_it()
    {
        var clock = new ManualClock();
        using var stopping = new CancellationTokenSource();
        await _queue.SendAsync("{}", null, TestContext.Current.CancellationToken);
        var looked = new SemaphoreSlim(0);
        int looks = 0;
        _queue.Before = call =>
        {
            if (call == "count")
            {
                looked.Release();
                if (++looks == 1)
                {
                    throw new QueueException("the queue", "It is out of order.");
                }
            }
        };
        var log = new LogRecorder();
        var running = new IngestTaskStarter(_queue, _launcher, new() { Clock = clock, LoggerFactory = log }).RunAsync(stopping.Token);

        await looked.WaitAsync(TestContext.Current.CancellationToken);
        await clock.AdvanceWhenWaitedForAsync(TimeSpan.FromMinutes(1));
        await looked.WaitAsync(TestContext.Current.CancellationToken);
        await stopping.CancelAsync();
        await running;

        Assert.Equal([1], _launcher.Launches);
        Assert.Contains(log.Lines, l => l.Text.Contains("No task could be started", StringComparison.Ordinal));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new IngestTaskStarter(_queue, _launcher, new() { MaxTasks = 0 }));
        Assert.Throws<ArgumentException>(() => new IngestTaskStarter(_queue, _launcher, new() { JobsPerTask = 0 }));
        Assert.Throws<ArgumentException>(() => new IngestTaskStarter(_queue, _launcher, new() { Period = TimeSpan.Zero }));
    }

    [Fact]
    public async Task Processes_of_this_machine_are_counted_until_they_end()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It starts 'sleep'.");
        using var launcher = new LocalTaskLauncher(new ProcessStartInfo("sleep", "600"));

        Assert.Equal(2, await launcher.LaunchAsync(2, TestContext.Current.CancellationToken));
        int[] ids = [.. launcher.Running];

        Assert.Equal(2, await launcher.CountAsync(TestContext.Current.CancellationToken));
        foreach (int id in ids)
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        while (await launcher.CountAsync(TestContext.Current.CancellationToken) > 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Empty(launcher.Running);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        using var launcher = new LocalTaskLauncher(new ProcessStartInfo("no-such-program"));

        var error = await Assert.ThrowsAsync<TaskLaunchException>(() => launcher.LaunchAsync(1, TestContext.Current.CancellationToken));

        Assert.Contains("no-such-program", error.Message, StringComparison.Ordinal);
    }

    private sealed class CountedLauncher : ITaskLauncher
    {
        public int Running { get; set; }

        public int Counts { get; private set; }

        public List<int> Launches { get; } = [];

        public Task<int> CountAsync(CancellationToken cancellationToken = default)
        {
            Counts++;
            return Task.FromResult(Running);
        }

        public Task<int> LaunchAsync(int count, CancellationToken cancellationToken = default)
        {
            Launches.Add(count);
            return Task.FromResult(count);
        }
    }
}
