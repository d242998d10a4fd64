using System.Diagnostics.CodeAnalysis;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>All files of a table with their references, as the entries of the files log leave them. For readers: a writer never makes one.</summary>
internal sealed class FilesState
{
    private readonly Dictionary<string, FileState> _files = new(StringComparer.Ordinal);

    public IReadOnlyCollection<FileState> Files => _files.Values;

    public bool Contains(string fileName) => _files.ContainsKey(fileName);

    public bool TryGet(string fileName, [MaybeNullWhen(false)] out FileState file) => _files.TryGetValue(fileName, out file);

    /// <exception cref="TransactionFormatException">The file is not known.</exception>
    public FileState Get(string fileName) =>
        _files.TryGetValue(fileName, out var file)
            ? file
            : throw new TransactionFormatException($"it is about the file '{fileName}', which the entries before it do not hold.");

    /// <summary>Adds a file without references; one of the same name is replaced.</summary>
    public FileState Set(string fileName, DateTimeOffset time) => _files[fileName] = new FileState(fileName, time);

    public void Remove(string fileName) => _files.Remove(fileName);

    public void Clear() => _files.Clear();
}
