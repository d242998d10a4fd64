namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>
/// Lets one of several processes, each a thread, go on at a time, and chooses by chance who is next at each operation of the disk: so a seed is one order of all
/// operations, whatever the machine's scheduler does.
/// </summary>
internal sealed class Turns : IDisposable
{
    private readonly Random _random;
    private readonly SemaphoreSlim[] _wake;
    private readonly List<int> _alive;

    public Turns(Random random, int processes)
    {
        _random = random;
        _wake = [.. Enumerable.Range(0, processes).Select(_ => new SemaphoreSlim(0))];
        _alive = [.. Enumerable.Range(0, processes)];
    }

    /// <summary>Runs all processes to their ends.</summary>
    public void Run(Action<int> process)
    {
        var errors = new List<Exception>();
        var threads = Enumerable.Range(0, _wake.Length).Select(i => new Thread(() => RunOne(i, process, errors))).ToList();
        threads.ForEach(t => t.Start());
        _wake[_random.Next(_wake.Length)].Release();
        threads.ForEach(t => t.Join());
        if (errors.Count > 0)
        {
            throw new AggregateException(errors);
        }
    }

    /// <summary>Called before an operation: perhaps others go first.</summary>
    public void Pass(int process)
    {
        if (_random.Next(3) > 0)
        {
            return;
        }

        int next = _alive[_random.Next(_alive.Count)];
        if (next != process)
        {
            _wake[next].Release();
            _wake[process].Wait();
        }
    }

    public void Dispose() => Array.ForEach(_wake, w => w.Dispose());

    private void RunOne(int index, Action<int> process, List<Exception> errors)
    {
        _wake[index].Wait();
        try
        {
            process(index);
        }
        catch (Exception e)
        {
            errors.Add(e);
        }

        _alive.Remove(index);
        if (_alive.Count > 0)
        {
            _wake[_alive[_random.Next(_alive.Count)]].Release();
        }
    }
}
