namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>
/// Clock, chance, threads, environment and disk come into the library through named seams only, or a run could be neither repeated nor broken
/// on purpose. The compiled code is looked at, so an alias or a helper does not hide a call.
/// </summary>
public sealed class SeamTests
{
    /// <summary>Members by "type.member"; a type alone stands for all its members.</summary>
    private static readonly Seam[] Seams =
    [
        new("the clock", "take a TimeProvider",
            ["System.DateTime.get_UtcNow", "System.DateTime.get_Now", "System.DateTime.get_Today", "System.DateTimeOffset.get_UtcNow",
             "System.DateTimeOffset.get_Now", "System.Diagnostics.Stopwatch", "System.Environment.get_TickCount", "System.Environment.get_TickCount64"],
            []),
        new("chance", "take a seed, or Diagnostics/SystemRandom",
            ["System.Guid.NewGuid", "System.Guid.CreateVersion7", "System.Random.get_Shared", "System.Random..ctor()",
             "System.Security.Cryptography.RandomNumberGenerator"],
            [("Diagnostics.SystemRandom", "the one source of chance that is not seeded")]),
        new("threads", "put it into Pipeline/WorkerPool",
            ["System.Threading.Tasks.Task.Run", "System.Threading.Tasks.TaskFactory.StartNew", "System.Threading.ThreadPool",
             "System.Threading.Thread..ctor", "System.Threading.Tasks.Parallel", "System.Threading.Timer"],
            [("Pipeline.WorkerPool", "where work leaves the caller's thread"),
             ("ObjectStores.LocalObjectStore", "blocking disk calls, on the scheduler that its options give"),
             ("ObjectStores.LocalWriteBarrier", "blocking disk calls, on the scheduler that its options give"),
             ("Reading.ReadAhead", "files decoded before their turn, on the scheduler that the read's context gives")]),
        new("sleeping", "wait with TimeProvider.Delay, or for what you are waiting for",
            ["System.Threading.Thread.Sleep", "System.Threading.SpinWait.SpinUntil"],
            []),
        new("the environment", "take an option",
            ["System.Environment.GetEnvironmentVariable", "System.Environment.GetEnvironmentVariables"],
            []),
        new("the disk", "go through the local store's or the spill folder's file system",
            ["System.IO.File", "System.IO.Directory", "System.IO.FileInfo", "System.IO.DirectoryInfo", "System.IO.FileStream..ctor",
             "System.IO.Path.GetTempFileName", "System.IO.DriveInfo"],
            [("ObjectStores.DiskFileSystem", "the disk under the local object store"),
             ("Spilling.", "spill files are the disk; these types get their files from the folder's file system")]),
        new("the folder for temporary files", "take an option",
            ["System.IO.Path.GetTempPath"],
            [("Spilling.SpillDirectory", "where spill files go by default")]),
    ];

    [Fact]
    public void Clock_chance_threads_and_disk_are_reached_through_seams_only()
    {
        using var scan = new AssemblyScan(typeof(IngestException).Assembly.Location);
        string[] wrong =
        [
            .. scan.MemberUses().SelectMany(use => Seams.Where(seam => seam.Forbids(use)).Select(seam => seam.Complaint(use))),
        ];

        Findings.AssertNone(wrong);
    }

    [Fact]
    public void The_scan_finds_such_calls_where_they_are()
    {
        using var scan = new AssemblyScan(typeof(SeamTests).Assembly.Location);
        string[] found = [.. scan.MemberUses().Where(use => use.From == typeof(SeamProbe).FullName).Select(use => $"{use.Owner}.{use.Name}")];

        Assert.Contains("System.DateTime.get_UtcNow", found);
        Assert.Contains("System.Threading.Tasks.Task.Run", found);
        Assert.Contains("System.IO.File.Exists", found);
    }

    private sealed record Seam(string Name, string Advice, string[] Members, (string Type, string Reason)[] Exceptions)
    {
        public bool Forbids(MemberUse use) =>
            Members.Any(member => Matches(member, use))
            && !Exceptions.Any(exception => use.From.StartsWith($"{SourceFile.RootNamespace}.{exception.Type}", StringComparison.Ordinal));

        public string Complaint(MemberUse use) => $"{use.From} calls {use.Owner}.{use.Name}, which is {Name}: {Advice}.";

        private static bool Matches(string member, MemberUse use) =>
            member == use.Owner || member == $"{use.Owner}.{use.Name}"
            || (member.EndsWith("()", StringComparison.Ordinal) && member == $"{use.Owner}.{use.Name}()" && use.Signature.StartsWith("()", StringComparison.Ordinal));
    }
}
