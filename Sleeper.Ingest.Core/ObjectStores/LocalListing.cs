namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>Walks a tree of folders in the order of the objects' paths, one folder at a time.</summary>
/// <remarks>
/// A folder's names are sorted with a slash behind the names of folders: then walking down at each folder in turn gives the paths in order, for
/// <c>a.b</c> comes before <c>a/c</c> as '.' comes before '/'. Memory: the names of the folders on the way down, not of the tree. Symbolic
/// links are left out, so a loop of them ends.
/// </remarks>
/// <param name="fileSystem">The disk.</param>
/// <param name="root">The store's folder.</param>
/// <param name="prefix">What the paths begin with.</param>
/// <param name="startAfter">The path after which to begin; null for the first.</param>
/// <param name="unfinished">True for the unfinished files instead of the objects.</param>
internal sealed class LocalListing(IFileSystem fileSystem, string root, string prefix, string? startAfter, bool unfinished = false)
{
    public IEnumerable<ObjectInfo> Walk(CancellationToken cancellationToken)
    {
        var slash = prefix.LastIndexOf('/');
        Stack<Queue<(string Key, FileFacts Facts)>> stack = [];
        stack.Push(Sorted(prefix[..(slash + 1)]));
        while (stack.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!stack.Peek().TryDequeue(out var next))
            {
                stack.Pop();
            }
            else if (next.Facts.IsFolder)
            {
                stack.Push(Sorted(next.Key));
            }
            else
            {
                yield return new ObjectInfo(next.Key, next.Facts.LengthBytes, next.Facts.LastModified);
            }
        }
    }

    private Queue<(string Key, FileFacts Facts)> Sorted(string folder)
    {
        List<(string Key, FileFacts Facts)> found = [];
        string native = folder.Length == 0 ? root : LocalFolders.Join(root, folder.TrimEnd('/'));
        foreach (var facts in fileSystem.ListFolder(native, name => IsWanted(folder + name, false) || IsWanted($"{folder}{name}/", true)))
        {
            var key = string.Concat(folder, facts.Name, facts.IsFolder ? "/" : "");
            if (!facts.IsLink && (facts.IsFolder || ObjectPath.IsTemporaryName(facts.Name) == unfinished) && IsWanted(key, facts.IsFolder))
            {
                found.Add((key, facts));
            }
        }

        found.Sort(static (left, right) => ObjectPath.Compare(left.Key, right.Key));
        return new Queue<(string Key, FileFacts Facts)>(found);
    }

    private bool IsWanted(string key, bool isFolder)
    {
        if (!key.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        return startAfter is null
            || ObjectPath.Compare(key, startAfter) > 0
            || (isFolder && startAfter.StartsWith(key, StringComparison.Ordinal));
    }
}
