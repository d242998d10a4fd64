using System.Diagnostics;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.S3;
using Amazon.S3.Model;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>The emulators are there, keep what the other tests stand on, and go away with whoever started them.</summary>
public sealed class EmulatorTests
{
    [Fact]
    public async Task The_aws_emulator_refuses_a_second_put_if_absent()
    {
        var aws = await AwsEmulator.GetAsync();
        string bucket = await aws.NewBucketAsync();
        using var s3 = aws.NewS3Client();
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "a", ContentBody = "first", IfNoneMatch = "*" });

        var error = await Assert.ThrowsAsync<AmazonS3Exception>(
            () => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "a", ContentBody = "second", IfNoneMatch = "*" }));

        Assert.Equal("PreconditionFailed", error.ErrorCode);
    }

    [Fact]
    public async Task The_aws_emulator_transacts_on_tables()
    {
        var aws = await AwsEmulator.GetAsync();
        using var client = aws.NewDynamoDbClient();
        string table = await NewTableAsync(client);
        await client.PutItemAsync(table, Item("1"));
        var taken = new TransactWriteItem { Put = new Put { TableName = table, Item = Item("1"), ConditionExpression = "attribute_not_exists(id)" } };
        var free = new TransactWriteItem { Put = new Put { TableName = table, Item = Item("2") } };

        await Assert.ThrowsAsync<TransactionCanceledException>(() => client.TransactWriteItemsAsync(new TransactWriteItemsRequest { TransactItems = [free, taken] }));

        Assert.False((await client.GetItemAsync(table, Item("2"))).IsItemSet);
    }

    [Fact]
    public async Task Dynalite_keeps_its_tables_when_it_is_killed()
    {
        using var folder = new TemporaryFolder();
        await using var dynalite = await Dynalite.StartAsync(folder.Path);
        string table;
        using (var before = dynalite.NewClient())
        {
            table = await NewTableAsync(before);
            await before.PutItemAsync(table, Item("1"));
        }

        await dynalite.RestartAsync();

        using var after = dynalite.NewClient();
        Assert.True((await after.GetItemAsync(table, Item("1"))).IsItemSet);
        Assert.False((await after.GetItemAsync(table, Item("2"))).IsItemSet);
    }

    [Fact]
    public async Task The_shared_dynalite_answers()
    {
        var dynalite = await Dynalite.GetAsync();
        using var client = dynalite.NewClient();

        string table = await NewTableAsync(client);

        Assert.Contains(table, (await client.ListTablesAsync()).TableNames);
    }

    /// <summary>A shell stands for a test run that is killed: it starts the server with a pipe of its own, as the tests do, and dies without a word.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_ends_when_its_starter_is_killed(bool isDynalite)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The parent of this test is a shell of Linux.");
        _ = isDynalite ? (await Dynalite.GetAsync()).ServiceUrl : (await AwsEmulator.GetAsync()).ServiceUrl; // skips where they cannot be had
        string command = isDynalite
            ? $"node '{Path.Combine(NodeTools.Folder, "dynalite.mjs")}'"
            : $"python3 '{RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Emulators", "aws-emulator.py")}'";

        // The shell's own end of the pipe is what holds the server: sleep | server would end with sleep, and the fifo's writer is the shell alone.
        using var folder = new TemporaryFolder();
        string pipe = Path.Combine(folder.Path, "pipe");
        var start = new ProcessStartInfo("bash", ["-c", $"mkfifo '{pipe}'; {command} < '{pipe}' & exec 9> '{pipe}'; echo pid $!; wait"])
        {
            RedirectStandardOutput = true,
        };
        using var shell = Process.Start(start)!;
        int server = 0;
        while (await shell.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.StartsWith("listening ", StringComparison.Ordinal))
        {
            server = line.StartsWith("pid ", StringComparison.Ordinal) ? int.Parse(line.AsSpan(4)) : server;
        }

        using var process = Process.GetProcessById(server);
        shell.Kill(); // the shell alone, not its children

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.HasExited);
    }

    private static async Task<string> NewTableAsync(AmazonDynamoDBClient client)
    {
        string name = AwsEmulator.UniqueName("table");
        await client.CreateTableAsync(new CreateTableRequest
        {
            TableName = name,
            AttributeDefinitions = [new AttributeDefinition("id", ScalarAttributeType.S)],
            KeySchema = [new KeySchemaElement("id", KeyType.HASH)],
            BillingMode = BillingMode.PAY_PER_REQUEST,
        });
        while ((await client.DescribeTableAsync(name)).Table.TableStatus != TableStatus.ACTIVE)
        {
            // Dynalite says that a table is made before it is; asking again takes long enough.
        }

        return name;
    }

    private static Dictionary<string, AttributeValue> Item(string id) => new() { ["id"] = new AttributeValue(id) };
}
