using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Runs targets and holds each run against the promises: one kind of error, memory and work in proportion, nothing left behind.</summary>
/// <param name="seed">What runs are made from.</param>
/// <param name="progress">Takes the name of each run before it begins.</param>
/// <param name="referee">DuckDB, if it is there.</param>
/// <param name="comparedOneIn">One in so many runs is held against it; all kept inputs are.</param>
internal sealed class FuzzSession(ulong seed, Stream progress, FileReferee? referee, int comparedOneIn)
{
    private const int BytesPerInputByte = 64;
    private const int BytesPerDeliveredByte = 32;

    private readonly FuzzRandom _random = new();
    private readonly FuzzWork _work = new();
    private readonly byte[] _line = new byte[64];

    public long Accepted { get; private set; }

    public long Refused { get; private set; }

    /// <summary>The largest share of the memory that was allowed, in percent.</summary>
    public long MostMemory { get; private set; }

    /// <summary>Makes and feeds the inputs of so many runs; a failure says how to replay it.</summary>
    public void Run(FuzzTarget target, long first, long runs)
    {
        int number = FuzzTargets.NumberOf(target);
        Accepted = 0;
        Refused = 0;
        MostMemory = 0;
        for (long run = first; run < first + runs; run++)
        {
            Note(target.Name, run);
            _random.Begin(seed, number, run);
            byte[] input = target.Make(_random);
            try
            {
                Feed(target, input, isCompared: run % comparedOneIn == 0);
            }
            catch (FuzzFailure failure)
            {
                throw new FuzzFailure($"{target.Name}, seed {seed}, run {run}: {failure.Message}\ninput {Convert.ToHexString(input)}", failure.InnerException);
            }
        }
    }

    /// <summary>Makes the samples of a target, so that they do not count as memory of its first input.</summary>
    public void WarmUp(FuzzTarget target)
    {
        _random.Begin(seed, FuzzTargets.NumberOf(target), 0);
        target.Make(_random);
    }

    /// <summary>Feeds one input.</summary>
    public void Feed(FuzzTarget target, byte[] input, bool isCompared)
    {
        long accepted = Accepted;
        Feed(target, input);
        if (isCompared && target.IsCompared && referee is not null && Accepted > accepted)
        {
            target.Compare(input, referee);
        }
    }

    private void Feed(FuzzTarget target, byte[] input)
    {
        _work.Clear();
        long native = NativeBuffer.LiveBytes;
        long heap = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input, _work);
            Accepted++;
        }
        catch (Exception error) when (target.IsRefusal(error))
        {
            target.CheckRefusal(error);
            Refused++;
        }
        catch (Exception error) when (error is not FuzzFailure)
        {
            throw new FuzzFailure($"{error.GetType().Name} escaped: {error.Message}", error);
        }

        long taken = GC.GetAllocatedBytesForCurrentThread() - heap;
        long allowed = target.FreeBytes + ((long)BytesPerInputByte * input.Length) + (BytesPerDeliveredByte * _work.DeliveredBytes);
        MostMemory = Math.Max(MostMemory, 100 * taken / allowed);
        if (taken > allowed)
        {
            throw new FuzzFailure($"{taken:N0} bytes were taken from the heap for an input of {input.Length:N0} bytes that gave {_work.DeliveredBytes:N0}; {allowed:N0} are in proportion.");
        }

        long steps = (target.StepsPerByte * (input.Length + 64)) + _work.DeliveredBytes;
        if (_work.Steps > steps)
        {
            throw new FuzzFailure($"{_work.Steps:N0} steps of work were done for an input of {input.Length:N0} bytes that gave {_work.DeliveredBytes:N0}; {steps:N0} are in proportion.");
        }

        if (NativeBuffer.LiveBytes != native)
        {
            throw new FuzzFailure($"{NativeBuffer.LiveBytes - native:N0} bytes outside of the heap were not given back.");
        }
    }

    /// <summary>Written before each run, so that who started this process knows which run ended it.</summary>
    public void NoteKept(FuzzTarget target, string file) => Note($"{target.Name} {file}");

    private void Note(string target, long run)
    {
        int length = Encoding.ASCII.GetBytes(target, _line);
        _line[length++] = (byte)' ';
        _ = run.TryFormat(_line.AsSpan(length), out int digits, default, CultureInfo.InvariantCulture);
        Note(length + digits);
    }

    private void Note(string what) => Note(Encoding.ASCII.GetBytes(what.AsSpan(0, Math.Min(what.Length, _line.Length)), _line));

    private void Note(int length)
    {
        _line.AsSpan(length).Fill((byte)' ');
        progress.Position = 0;
        progress.Write(_line);
    }
}
