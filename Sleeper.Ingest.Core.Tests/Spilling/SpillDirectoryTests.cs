using System.Diagnostics;
using System.Runtime.InteropServices;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Spilling;

public sealed partial class SpillDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _parent = Directory.CreateTempSubdirectory("spill-directory-").FullName;
    private readonly Random _random = new();

    private string Root => Path.Combine(_parent, "root");

    [Fact]
    public void Nothing_is_made_before_the_first_file_and_nothing_is_left_at_the_end()
    {
        using var bed = new SpillTestBed(root: Root);
        Assert.False(Directory.Exists(Root));
        using var rows = new SampleRows([[1, 2], [3]]);
        using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 1_000);
        SpillExtent extent = bed.WriteBucket(writer, 1, rows, rows);
        SpillExtent run = bed.WriteRun(writer, 1, rows);
        Assert.Equal([0, 1, 0, 1], bed.Load(extent));
        Assert.Equal([0, 1], bed.ReadRun(run));
        Assert.Equal(2, Directory.GetFileSystemEntries(Root).Length);
        bed.Directory.Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(Root));
        Assert.Throws<ObjectDisposedException>(() => bed.Directory.CreateFile());
    }

    [Fact]
    public void Modes_are_for_the_owner_only_even_under_umask_000()
    {
        SkipOnWindows();
        uint before = SetUmask(0);
        try
        {
            using var bed = new SpillTestBed(root: Root);
            SpillFile file = bed.Directory.CreateFile();
            const UnixFileMode OwnerOnlyFolder = OwnerOnlyFile | UnixFileMode.UserExecute;
            Assert.Equal(OwnerOnlyFolder, Mode(Root));
            Assert.Equal(OwnerOnlyFolder, Mode(bed.Directory.Path));
            Assert.Equal(OwnerOnlyFile, Mode(file.Path));
            Assert.Equal(OwnerOnlyFile, Mode(bed.Directory.Path + ".lock"));
        }
        finally
        {
            _ = SetUmask(before);
        }
    }

    [Fact]
    public void A_root_that_others_can_write_to_is_refused_unless_it_is_sticky()
    {
        SkipOnWindows();
        Directory.CreateDirectory(Root);
        SetMode(Root, (UnixFileMode)0b111_111_111);
        using var bed = new SpillTestBed(root: Root);
        string message = Assert.Throws<IngestException>(() => bed.Directory.CreateFile()).Message;
        Assert.Contains(Root, message);
        Assert.Contains("777", message);
        Assert.Contains("chmod", message);
        Assert.Throws<IngestException>(() => SpillDirectory.RemoveStale(Root, NextRandom));
        Assert.Empty(Directory.GetFileSystemEntries(Root));

        SetMode(Root, (UnixFileMode)0b001_111_111_111);
        Assert.True(File.Exists(bed.Directory.CreateFile().Path));
    }

    [Fact]
    public void A_root_that_cannot_be_made_is_named()
    {
        File.WriteAllText(Root, "a file");
        using var bed = new SpillTestBed(root: Root);
        Assert.Contains(Root, Assert.Throws<IngestException>(() => bed.Directory.CreateFile()).Message);
    }

    [Fact]
    public void Folders_of_living_owners_stay_and_those_of_dead_ones_go()
    {
        using var bed = new SpillTestBed(root: Root);
        SpillFile living = bed.Directory.CreateFile();
        string dead = Path.Combine(Root, "dead");
        Directory.CreateDirectory(dead);
        File.WriteAllText(Path.Combine(dead, "00000000.spill"), "rows of a dead process");
        File.WriteAllText(dead + ".lock", "");
        Assert.Equal(1, SpillDirectory.RemoveStale(Root, NextRandom));
        Assert.False(Directory.Exists(dead));
        Assert.False(File.Exists(dead + ".lock"));
        Assert.True(File.Exists(living.Path));
        Assert.Equal(0, SpillDirectory.RemoveStale(Root, NextRandom));
        Assert.Equal(0, SpillDirectory.RemoveStale(Path.Combine(_parent, "absent"), NextRandom));
    }

    [Fact]
    public void A_folder_of_another_process_goes_only_when_that_process_is_dead()
    {
        if (!File.Exists("/usr/bin/flock"))
        {
            Assert.Skip("There is no /usr/bin/flock to hold a lock from another process.");
        }

        string folder = Path.Combine(Root, "other");
        Directory.CreateDirectory(folder);
        File.WriteAllText(folder + ".lock", "");
        var start = new ProcessStartInfo("/usr/bin/flock", ["--no-fork", folder + ".lock", "/bin/sh", "-c", "echo held; exec sleep 300"]) { RedirectStandardOutput = true };
        using Process other = Process.Start(start)!;
        try
        {
            Assert.Equal("held", other.StandardOutput.ReadLine());
            Assert.Equal(0, SpillDirectory.RemoveStale(Root, NextRandom));
            Assert.True(Directory.Exists(folder));
        }
        finally
        {
            other.Kill();
            other.WaitForExit();
        }

        Assert.Equal(1, SpillDirectory.RemoveStale(Root, NextRandom));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void A_name_in_use_is_not_taken()
    {
        ulong[] names = [1, 1, 77, 1, 1, 2, 2, 78];
        int next = 0;
        ulong Next() => names[next++];
        using var first = new SpillDirectory(Root, Next, new DiskBudget(1_000));
        using var second = new SpillDirectory(Root, Next, new DiskBudget(1_000));
        SpillFile one = first.CreateFile();
        SpillFile two = second.CreateFile();
        Assert.NotEqual(first.Path, second.Path);
        Assert.True(File.Exists(one.Path));
        Assert.True(File.Exists(two.Path));
    }

    [Fact]
    public void A_folder_that_was_made_in_spite_of_an_error_is_removed()
    {
        // The third operation: after the root and the lock comes the folder.
        using var faults = new OperationFaults { At = 3, IsAfter = true };
        using (var directory = new SpillDirectory(Root, NextRandom, new DiskBudget(1_000), new FaultySpillFiles { Faults = faults }))
        {
            directory.CreateFile();
            Assert.True(faults.HasStruck);
            Assert.Equal([directory.Path, directory.Path + ".lock"], Directory.EnumerateFileSystemEntries(Root).Order());
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Root));
    }

    [Fact]
    public void A_folder_that_could_not_be_deleted_is_removed_by_a_later_process()
    {
        // Root, lock, folder, file; at the end the file goes, then the folder.
        using var faults = new OperationFaults { At = 6 };
        var failures = new List<Exception>();
        var directory = new SpillDirectory(Root, NextRandom, new DiskBudget(1_000), new FaultySpillFiles { Faults = faults }, failures.Add);
        directory.CreateFile();
        directory.Dispose();
        Assert.Single(failures);
        Assert.Equal([directory.Path, directory.Path + ".lock"], Directory.EnumerateFileSystemEntries(Root).Order());

        Assert.Equal(1, SpillDirectory.RemoveStale(Root, NextRandom));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Root));
    }

    [Fact]
    public void Disposing_a_file_deletes_it_and_releases_its_bytes_while_the_directory_lives()
    {
        using var bed = new SpillTestBed(root: Root);
        SpillFile file = bed.Directory.CreateFile();
        file.Append([1, 2, 3]);
        Assert.Equal(3, bed.Disk.UsedBytes);
        file.Dispose();
        file.Dispose();
        Assert.Equal(0, bed.Disk.UsedBytes);
        Assert.False(File.Exists(file.Path));
    }

    public void Dispose()
    {
        Directory.Delete(_parent, recursive: true);
    }

    private static void SkipOnWindows()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
        }
    }

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetUmask(uint mask);

    private ulong NextRandom() => (ulong)_random.NextInt64();
}
