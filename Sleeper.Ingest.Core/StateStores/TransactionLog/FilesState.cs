using System.Diagnostics.CodeAnalysis;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>Files of a table with their references, as the entries of the files log leave them. For readers: a writer never holds them all.</summary>
internal sealed class FilesState
{
    private readonly Dictionary<string, FileState> _files = new(StringComparer.Ordinal);
    private long _nextSequence;

    /// <summary>The files, in the order in which they were added.</summary>
    public IEnumerable<FileState> Files => _files.Values.OrderBy(f => f.Sequence);

    public int Count => _files.Count;

    public bool Contains(string fileName) => _files.ContainsKey(fileName);

    public bool TryGet(string fileName, [MaybeNullWhen(false)] out FileState file) => _files.TryGetValue(fileName, out file);

    /// <exception cref="TransactionFormatException">The file is not known.</exception>
    public FileState Get(string fileName) =>
        _files.TryGetValue(fileName, out var file)
            ? file
            : throw new TransactionFormatException($"it is about the file '{fileName}', which the entries before it do not hold.");

    /// <summary>Adds a file without references; one of the same name is replaced.</summary>
    public FileState Set(string fileName, DateTimeOffset time) => _files[fileName] = new FileState(fileName, time) { Sequence = _nextSequence++ };

    /// <summary>Takes a file from a snapshot, at its place.</summary>
    public void Restore(FileState file)
    {
        _files[file.Name] = file;
        _nextSequence = Math.Max(_nextSequence, file.Sequence + 1);
    }

    /// <summary>Lets the files that are added from now on come after so many others.</summary>
    public void AddAfter(long sequence) => _nextSequence = Math.Max(_nextSequence, sequence);

    public void Remove(string fileName) => _files.Remove(fileName);

    public void Clear() => _files.Clear();
}
