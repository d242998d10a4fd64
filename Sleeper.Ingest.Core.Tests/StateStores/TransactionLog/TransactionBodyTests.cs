using System.Text;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

public sealed class TransactionBodyTests
{
    public static TheoryData<string> Names => [.. TransactionFixture.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Item_55_bodies_of_the_java_system_are_read_and_written_back_member_by_member(string name)
    {
        var fixture = TransactionFixture.Read(name);
        var type = TransactionTypes.Parse(fixture.Type);
        Assert.NotNull(type);
        var transaction = Transaction.Read(type.Value, Encoding.UTF8.GetBytes(fixture.Text), fixture.Schema ?? TransactionFixture.AreaAndId);
        Assert.Equal(type, transaction.Type);
        Assert.Equal(fixture.Type, transaction.Type.Name());
        TransactionFixture.AssertSameJson(fixture.Text, Encoding.UTF8.GetString(transaction.ToBytes()));
    }

    [Theory]
    [InlineData("{}", "'files' is missing")]
    [InlineData("""{"files":[{"references":[]}]}""", "'filename' is missing")]
    [InlineData("""{"files":[{"filename":"a"}]}""", "'references' is missing")]
    [InlineData("""{"files":[{"filename":"a","references":[{"numberOfRows":1}]}]}""", "'partitionId' is missing")]
    [InlineData("""{"files":[{"filename":"a","references":[{"partitionId":"p"}]}]}""", "'numberOfRows' is missing")]
    [InlineData("""{"files":[{"filename":"a","references":[{"partitionId":"p","numberOfRows":1.5}]}]}""", "whole number")]
    [InlineData("""{"files":null}""", "'files' is missing")]
    [InlineData("""{"files":[1]}""", "an object")]
    [InlineData("[]", "an object")]
    [InlineData("no", "not JSON")]
    public void What_every_reader_needs_must_be_there(string body, string message) =>
        Assert.Contains(message, Assert.Throws<TransactionFormatException>(() => ReadAddFiles(body)).Message);

    [Fact]
    public void Unknown_members_nulls_escapes_and_lenient_numbers_are_taken()
    {
        var read = ReadAddFiles("""
            {"later":{"a":[1]},"jobId":null,"files":[{"later":1,"filename":"a\u003db","references":[
              {"partitionId":"p","numberOfRows":"3","jobId":null},{"partitionId":"q","numberOfRows":3.0},{"partitionId":"r","numberOfRows":-3},
              {"partitionId":"s","numberOfRows":9223372036854775807,"countApproximate":true}]}]}
            """);
        var file = Assert.Single(read.Files);
        Assert.Equal("a=b", file.Name);
        Assert.Equal([3L, 3L, -3L, long.MaxValue], file.References.Select(r => r.NumberOfRows));
        Assert.Equal([false, false, false, true], file.References.Select(r => r.CountApproximate));
        Assert.DoesNotContain(file.References, r => r.OnlyContainsDataForThisPartition);
        Assert.Null(read.Job);
    }

    [Fact]
    public void Item_15_job_members_are_all_there_or_none_is()
    {
        var job = new AddFiles.JobMembers("j", "t", "r", 5);
        Assert.Equal("""{"jobId":"j","taskId":"t","jobRunId":"r","writtenTime":5,"files":[]}""", Encoding.UTF8.GetString(new AddFiles([], job).ToBytes()));
        Assert.Null(ReadAddFiles("""{"jobId":"j","taskId":"t","jobRunId":"r","files":[]}""").Job);
    }

    [Fact]
    public void Type_names_are_case_sensitive()
    {
        Assert.Equal(TransactionType.AddFiles, TransactionTypes.Parse("ADD_FILES"));
        Assert.Null(TransactionTypes.Parse("add_files"));
        Assert.All(Enum.GetValues<TransactionType>(), type => Assert.Equal(type, TransactionTypes.Parse(type.Name())));
    }

    private static AddFiles ReadAddFiles(string body) =>
        (AddFiles)Transaction.Read(TransactionType.AddFiles, Encoding.UTF8.GetBytes(body), TransactionFixture.AreaAndId);
}
