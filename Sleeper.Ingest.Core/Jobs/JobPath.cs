using System.Collections.Concurrent;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>What one name in a job's list of files leads to.</summary>
/// <param name="Store">Where to look; null if the name leads nowhere.</param>
/// <param name="Path">The object or folder there; empty for the whole store.</param>
/// <param name="IsFolder">True if only a folder can be meant: the name ends with a slash, or is a bucket's.</param>
/// <param name="Prefix">What stands before a path of the store in messages.</param>
/// <param name="Fault">Why the name leads nowhere; otherwise null.</param>
internal sealed record JobPath(IObjectStore? Store, string Path, bool IsFolder, string Prefix, string? Fault)
{
    private static readonly string[] BucketSchemes = ["s3://", "s3a://"];

    /// <summary>Takes a name apart. Opens stores, asks nobody.</summary>
    public static JobPath Parse(string name, JobInputs inputs, ConcurrentDictionary<string, IObjectStore?> buckets)
    {
        if (name.Length == 0)
        {
            return Wrong("A path is empty");
        }

        foreach (string scheme in BucketSchemes)
        {
            if (name.StartsWith(scheme, StringComparison.Ordinal))
            {
                return InBucket(name, name[scheme.Length..], inputs, buckets);
            }
        }

        if (name.StartsWith("file:", StringComparison.Ordinal))
        {
            return Uri.TryCreate(name, UriKind.Absolute, out var uri) && uri.IsFile && !uri.IsUnc
                ? InFolder(name, uri.LocalPath, inputs)
                : Wrong($"The path '{name}' is not of the form file:///folder/name");
        }

        bool isLocal = inputs.OpenBucket is null || (inputs.AllowsLocalFiles && (System.IO.Path.IsPathFullyQualified(name) || name is "." or ".." || StartsRelative(name)));
        return isLocal ? InFolder(name, name, inputs) : InBucket(name, name, inputs, buckets);
    }

    private static bool StartsRelative(string name) =>
        name.StartsWith("./", StringComparison.Ordinal) || name.StartsWith("../", StringComparison.Ordinal);

    private static JobPath InBucket(string name, string rest, JobInputs inputs, ConcurrentDictionary<string, IObjectStore?> buckets)
    {
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string bucket = slash < 0 ? rest : rest[..slash];
        if (bucket.Length == 0)
        {
            return Wrong($"The path '{name}' names no bucket");
        }

        if (inputs.OpenBucket is null)
        {
            return Wrong($"The path '{name}' is in a bucket, and this worker takes files from local folders only");
        }

        if (buckets.GetOrAdd(bucket, inputs.OpenBucket) is not { } store)
        {
            return Wrong($"The path '{name}' is in the bucket '{bucket}', which this worker takes no files from");
        }

        string key = slash < 0 ? "" : rest[slash..].TrimStart('/');
        bool isFolder = key.Length == 0 || key[^1] == '/';
        key = key.TrimEnd('/');
        return key.Length > 0 && !ObjectPath.IsPath(key)
            ? Wrong($"The path '{name}' is none that an object can have here: it holds '.', '..' or empty parts, or control characters")
            : new JobPath(store, key, isFolder, bucket + "/", null);
    }

    private static JobPath InFolder(string name, string path, JobInputs inputs)
    {
        if (!inputs.AllowsLocalFiles)
        {
            return Wrong(inputs.OpenBucket is null ? $"The path '{name}' is local, and this worker takes no local files" : $"The path '{name}' names no bucket");
        }

        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return Wrong($"The path '{name.Replace("\0", "\\0", StringComparison.Ordinal)}' holds a zero character");
        }

        string root = System.IO.Path.GetFullPath(inputs.LocalFolder ?? ".");
        string full = System.IO.Path.GetFullPath(path, root);
        bool isFolder = System.IO.Path.EndsInDirectorySeparator(full);
        full = System.IO.Path.TrimEndingDirectorySeparator(full);
        return inputs.LocalFolder is null ? InOwnFolder(name, full, isFolder) : InLocalFolder(name, full, isFolder, root);
    }

    private static JobPath InLocalFolder(string name, string full, bool isFolder, string root)
    {
        string relative = System.IO.Path.GetRelativePath(root, full).Replace(System.IO.Path.DirectorySeparatorChar, '/');
        if (relative == ".")
        {
            return Local(root, "", isFolder: true);
        }

        return relative.StartsWith("../", StringComparison.Ordinal) || relative == ".." || System.IO.Path.IsPathRooted(relative)
            ? Wrong($"The path '{name}' leads out of '{root}', the folder that this worker takes files from")
            : ObjectPath.IsPath(relative) ? Local(root, relative, isFolder) : Odd(name);
    }

    private static JobPath InOwnFolder(string name, string full, bool isFolder)
    {
        string? parent = System.IO.Path.GetDirectoryName(full);
        string last = System.IO.Path.GetFileName(full);
        return parent is null ? Local(full, "", isFolder: true) : ObjectPath.IsPath(last) ? Local(parent, last, isFolder) : Odd(name);
    }

    private static JobPath Local(string folder, string path, bool isFolder)
    {
        string prefix = folder.EndsWith('/') ? folder : folder + "/";
        return new JobPath(new LocalObjectStore(folder, new LocalObjectStoreOptions { CreateRoot = false }), path, isFolder, prefix, null);
    }

    private static JobPath Odd(string name) => Wrong($"The path '{name}' has a name that is refused: it ends with a dot or a space, or holds a backslash or a control character");

    private static JobPath Wrong(string fault) => new(null, "", false, "", fault);
}
