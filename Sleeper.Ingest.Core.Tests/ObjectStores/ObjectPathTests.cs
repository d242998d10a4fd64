using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.ObjectStores;

public sealed class ObjectPathTests
{
    /// <summary>Texts that must never reach a disk or a bucket as a path.</summary>
    public static TheoryData<string> HostilePaths { get; } =
    [
        "", "/", "//", ".", "..", "./", "../", "/.", "/..", "./a", "../a", "a/.", "a/..", "a/./b", "a/../b", "a/../../b", "a/b/..", "../../etc/passwd",
        "a//b", "a/", "/a", "//a", "//server/share/a", "/etc/passwd", "/dev/null", "/proc/self/environ", "a/b/", "a///b",
        "\\", "a\\b", "..\\a", "a\\..\\b", "\\\\server\\share\\a", "\\\\?\\C:\\a", "\\\\.\\COM1", "a/..\\b", "C:\\a",
        "C:", "C:a", "C:/a", "c:/windows/system32", "z:..",
        "\0", "a\0", "a\0.parquet", "\0/a", "a/\0b", "a\nb", "a\rb", "a\tb", "\u0001", "a/\u001f", "a\u007f", "a\u0080b", "a\u0085b", "a\u009f",
        "a.", "a..", "a ", "a/b.", "a/b ", "a./b", "a /b", "...", "a/...", " ", "a/ ", ". .", "../ ", ".. ", ".. /a", "a/.. /b", "..././a",
        "\ud800", "a\ud800", "\udc00a", "a/\ud83d/b", "\udc00\ud800",
        ".tmp~1~1", "a/.tmp~1~1", ".tmp~", ".tmp~/a", "a/.tmp~x/b",
        new string('a', 256), "a/" + new string('b', 300), new string('é', 128), string.Join('/', Enumerable.Repeat("segment", 140)),
    ];

    public static TheoryData<string> GoodPaths { get; } =
    [
        "a", "a/b", "flights/data/partition_root/a.parquet", "log/files/00000000000000000001.json", ".hidden", "..a", "a..b", "a.b/.c", ".tmp", ".tmp-x",
        "a b", " a", "a/ b", "日本/ä ö.txt", "e\u0301", "\u00e9", "😀/😀.bin", "%2e%2e/%2f", "a%00b", "~root", "$HOME", "-rf", "*?", "ab:/c", "time=12:00:00/a", "a|b<c>\"d",
        "COM1", "nul", new string('a', 255), new string('é', 127),
    ];

    [Theory]
    [MemberData(nameof(HostilePaths), DisableDiscoveryEnumeration = true)]
    public void Hostile_paths_are_refused(string path) =>
        Assert.Equal("path", Assert.Throws<ArgumentException>(() => ObjectPath.Check(path)).ParamName);

    [Theory]
    [MemberData(nameof(GoodPaths), DisableDiscoveryEnumeration = true)]
    public void Ordinary_paths_are_accepted(string path)
    {
        ObjectPath.Check(path);
        for (var length = 0; length <= path.Length; length++)
        {
            if (length == 0 || !char.IsHighSurrogate(path[length - 1]))
            {
                ObjectPath.CheckPrefix(path[..length]);
            }
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("../")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("a//")]
    [InlineData("a\\")]
    [InlineData("a\0")]
    [InlineData("C:/a")]
    [InlineData(".tmp~1/a")]
    public void Hostile_prefixes_are_refused(string prefix) =>
        Assert.Equal("prefix", Assert.Throws<ArgumentException>(() => ObjectPath.CheckPrefix(prefix)).ParamName);

    [Fact]
    public void Messages_show_control_characters_escaped()
    {
        var error = Assert.Throws<ArgumentException>(() => ObjectPath.Check("a\u001b[31mb\n"));
        Assert.Contains("a\\u001B[31mb\\u000A", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.Message);
    }

    [Fact]
    public void Every_call_of_every_store_checks_its_path()
    {
        var folder = Directory.CreateTempSubdirectory("object-path-").FullName;
        try
        {
            IObjectStore[] stores = [new LocalObjectStore(folder), new InMemoryObjectStore()];
            foreach (var store in stores)
            {
                Assert.Throws<ArgumentException>(() => { _ = store.PutIfAbsentAsync("../a", default); });
                Assert.Throws<ArgumentException>(() => { _ = store.PutAsync("../a", default); });
                Assert.Throws<ArgumentException>(() => { _ = store.CreateAsync("../a").AsTask(); });
                Assert.Throws<ArgumentException>(() => { _ = store.OpenAsync("../a").AsTask(); });
                Assert.Throws<ArgumentException>(() => { _ = store.HeadAsync("../a").AsTask(); });
                Assert.Throws<ArgumentException>(() => { _ = store.DeleteAsync("../a"); });
            }

            Assert.False(File.Exists(Path.Combine(folder, "..", "a")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Order_is_that_of_the_UTF8_bytes()
    {
        string[] texts = ["", "a", "a-", "a/", "a/b", "a0", "b", "é", "\ue000", "\uffff", "😀", "😀a", "😁"];
        foreach (var left in texts)
        {
            foreach (var right in texts)
            {
                var expected = System.Text.Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(right));
                Assert.Equal(Math.Sign(expected), Math.Sign(ObjectPath.Compare(left, right)));
            }
        }
    }
}
