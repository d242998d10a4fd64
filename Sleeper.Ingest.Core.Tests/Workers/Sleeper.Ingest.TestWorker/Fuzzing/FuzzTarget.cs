namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A part of the library that takes bytes nobody vouches for.</summary>
internal abstract class FuzzTarget
{
    public abstract string Name { get; }

    /// <summary>Memory on the heap that a run may take whatever its input.</summary>
    public virtual long FreeBytes => 64 << 10;

    /// <summary>Steps of work that a run may take for each byte of input, beside those for what it delivers.</summary>
    public virtual long StepsPerByte => 64;

    /// <summary>Runs for each of a share: fewer where a run takes long.</summary>
    public virtual int Weight => 3;

    /// <summary>Makes an input.</summary>
    public abstract byte[] Make(FuzzRandom random);

    /// <summary>Feeds it. Returns if the input was taken.</summary>
    /// <exception cref="FuzzFailure">A promise was broken.</exception>
    public abstract void Run(byte[] input, FuzzWork work);

    /// <summary>True if what is taken can be held against DuckDB.</summary>
    public virtual bool IsCompared => false;

    /// <summary>Holds an input that was taken against DuckDB.</summary>
    /// <exception cref="FuzzFailure">DuckDB reads other rows.</exception>
    public virtual void Compare(byte[] input, FileReferee referee)
    {
    }

    /// <summary>True for the errors in which a bad input may end.</summary>
    public virtual bool IsRefusal(Exception error) => error is Core.ParquetFormatException;

    /// <summary>Looks at such an error.</summary>
    /// <exception cref="FuzzFailure">It lacks what it should say.</exception>
    public virtual void CheckRefusal(Exception error)
    {
    }
}
