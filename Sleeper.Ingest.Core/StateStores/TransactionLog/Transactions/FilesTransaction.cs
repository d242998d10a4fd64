namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>A transaction of the files log.</summary>
internal abstract class FilesTransaction : Transaction
{
    /// <summary>The files that the transaction looks at or changes, repeats included. <see cref="ClearFiles"/> changes all others too.</summary>
    public abstract IEnumerable<string> TouchedFiles { get; }

    /// <summary>Changes the state as every reader does, in the order of the log.</summary>
    /// <param name="state">As the entries before left it.</param>
    /// <param name="time">The entry's time: it becomes the time of what is changed.</param>
    public abstract void Apply(FilesState state, DateTimeOffset time);
}
