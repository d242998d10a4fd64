using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

public sealed class PropertiesTextTests
{
    [Fact]
    public void Files_of_the_java_system_are_read()
    {
        var instance = Fixture("instance-many");
        Assert.Equal("  leading spaces, tab\t, line\nend, back\\slash, # ! = : 日本 🚀 trailing ", instance["sleeper.unknown.property"]);
        Assert.Equal("https://sqs.eu-west-2.amazonaws.com/123456789012/sleeper-fixture-IngestJobQ", instance["sleeper.ingest.job.queue.url"]);
        Assert.Equal("", instance["sleeper.user.jars"]);
        var table = Fixture("table-many");
        Assert.Equal("mäny: things = #1", table["sleeper.table.name"]);
        Assert.Equal(["région", "id"], Schema.Parse(table["sleeper.table.schema"]).RowKeyFields.Select(f => f.Name));
    }

    [Theory]
    [InlineData("a=1\r\nb:2\rc 3\n", "a=1|b=2|c=3")]
    [InlineData(" \t a  =  x y \n", "a=x y ")]
    [InlineData("# c\n! d\n\n \t\na=1", "a=1")]
    [InlineData("a=one \\\n   two\\\\\nb=3", "a=one two\\|b=3")]
    [InlineData("a=x\\\n# not a comment", "a=x# not a comment")]
    [InlineData("a=1\na=2", "a=2")]
    [InlineData("a\\=b\\:c\\ d=\\u00e9\\ud83d\\ude80\\q", "a=b:c d=é🚀q")]
    [InlineData("a", "a=")]
    [InlineData("a==b", "a==b")]
    [InlineData("a=\\u12", "a=u12")]
    public void Lines_are_read_as_java_reads_them(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', PropertiesText.Read(text).Select(p => $"{p.Key}={p.Value}")));

    [Fact]
    public void What_is_written_is_read_back()
    {
        var properties = new Dictionary<string, string>
        {
            ["a key = : # !"] = "  two leading, inner  and trailing ",
            ["lines"] = "\t\n\r\f\\",
            ["plain"] = "é🚀=:#!",
            ["empty"] = "",
        };
        Assert.Equal(properties, PropertiesText.Read(PropertiesText.Write("x", properties)));
    }

    private static Dictionary<string, string> Fixture(string name) => PropertiesText.Read(
        File.ReadAllText(RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "properties", name + ".properties")));
}
