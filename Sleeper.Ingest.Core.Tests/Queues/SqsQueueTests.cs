using System.Net;
using Amazon.Runtime;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.Queues;

/// <summary>The contract over an emulator of SQS, and what is SQS's own.</summary>
public sealed class SqsQueueTests : MessageQueueContractTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_fifo_queue_keeps_order_within_a_group_and_drops_repeated_ids()
    {
        var client = await NewClientAsync();
        string url = await client.CreateQueueAsync(AwsEmulator.UniqueName("fifo") + ".fifo", new Dictionary<string, string> { ["FifoQueue"] = "true" });
        var queue = new SqsQueue(client, url);
        await queue.SendAsync("1", new QueueSendOptions { GroupId = "g", DeduplicationId = "a" });
        await queue.SendAsync("1 again", new QueueSendOptions { GroupId = "g", DeduplicationId = "a" });
        await queue.SendAsync("2", new QueueSendOptions { GroupId = "g", DeduplicationId = "b" });

        var first = await queue.ReceiveAsync(TimeSpan.FromSeconds(2), Lease);
        Assert.Equal(("1", "g"), (first!.Body, first.GroupId));
        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease)); // the group waits for the first
        await queue.DeleteAsync(first);
        var second = await queue.ReceiveAsync(TimeSpan.FromSeconds(2), Lease);

        Assert.Equal("2", second!.Body);
    }

    [Fact]
    public async Task A_message_that_may_come_once_is_left_to_the_service_when_set_aside()
    {
        var (queue, dead) = await NewQueueWithDeadLettersAsync(maxReceiveCount: 1);
        await queue.SendAsync("m");
        var message = await queue.ReceiveAsync(TimeSpan.FromSeconds(2), Lease);

        await queue.SetAsideAsync(message!, "bad");

        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero, Lease));
        Assert.Equal("m", (await dead.ReceiveAsync(TimeSpan.FromSeconds(2), Lease))?.Body);
    }

    [Fact]
    public async Task A_queue_without_dead_letters_deletes_what_is_set_aside()
    {
        var client = await NewClientAsync();
        var queue = new SqsQueue(client, await client.CreateQueueAsync(AwsEmulator.UniqueName("alone")));
        await queue.SendAsync("m");
        var message = await queue.ReceiveAsync(TimeSpan.FromSeconds(2), Lease);

        await queue.SetAsideAsync(message!, "bad");

        var left = await client.GetAttributesAsync(queue.Name, ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]);
        Assert.Equal(["0", "0"], left.Values);
        Assert.Equal(new QueuePolicy(null, null), await queue.GetPolicyAsync());
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_said_so_with_the_address_and_what_to_do()
    {
        var client = await NewClientAsync();
        var queue = new SqsQueue(client, $"{(await AwsEmulator.GetAsync()).ServiceUrl}/{AwsEmulator.Account}/no-such-queue");

        var error = await Assert.ThrowsAsync<QueueException>(() => queue.SendAsync("m"));

        Assert.Contains("no-such-queue", error.Message, StringComparison.Ordinal);
        Assert.Contains("SendMessage", error.Message, StringComparison.Ordinal);
        Assert.Contains("Check the queue's address", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsRetryable);
        Assert.Equal(queue.Name, error.Queue);
    }

    [Fact]
    public async Task Unavailable_replies_are_tried_again()
    {
        var server = new ScriptedSqs(
            (HttpStatusCode.ServiceUnavailable, """{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}"""),
            (HttpStatusCode.ServiceUnavailable, "<html>a proxy's page</html>"),
            (HttpStatusCode.OK, """{"MessageId":"id-1","MD5OfMessageBody":"6f8f57715090da2632453988d9a1501b"}"""));
        using var client = server.NewClient();

        Assert.Equal("id-1", await new SqsQueue(client, "http://queue.example/1/q").SendAsync("m"));

        Assert.Equal(3, server.Requests.Count);
        Assert.All(server.Requests, r => Assert.Equal("AmazonSQS.SendMessage", r.Target));
        Assert.All(server.Requests, r => Assert.Equal("""{"QueueUrl":"http://queue.example/1/q","MessageBody":"m"}""", r.Body));
        Assert.All(server.Requests, r => Assert.StartsWith("AWS4-HMAC-SHA256 Credential=key/", r.Authorization, StringComparison.Ordinal));
        Assert.All(server.Requests, r => Assert.Contains("/eu-west-2/sqs/aws4_request", r.Authorization, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_that_stays_unavailable_is_a_fault_that_may_pass()
    {
        var server = new ScriptedSqs((HttpStatusCode.ServiceUnavailable, """{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}"""));
        using var client = server.NewClient();

        var error = await Assert.ThrowsAsync<QueueException>(() => new SqsQueue(client, "http://queue.example/1/q").CountAsync());

        Assert.True(error.IsRetryable);
        Assert.Contains("503 RequestThrottled: slow down", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_without_the_permission_is_told_which()
    {
        var server = new ScriptedSqs((HttpStatusCode.Forbidden, """{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"no"}"""));
        using var client = server.NewClient();

        var error = await Assert.ThrowsAsync<QueueException>(
            () => new SqsQueue(client, "http://queue.example/1/q").ReceiveAsync(TimeSpan.Zero, Lease));

        Assert.Contains("sqs:ReceiveMessage", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsRetryable);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_body_that_was_damaged_on_its_way_is_not_given_to_anybody()
    {
        var server = new ScriptedSqs((HttpStatusCode.OK, """{"Messages":[{"MessageId":"id","ReceiptHandle":"h","Body":"changed","MD5OfBody":"6f8f57715090da2632453988d9a1501b"}]}"""));
        using var client = server.NewClient();

        var error = await Assert.ThrowsAsync<QueueException>(
            () => new SqsQueue(client, "http://queue.example/1/q").ReceiveAsync(TimeSpan.Zero, Lease));

        Assert.True(error.IsRetryable);
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_body_stored_than_sent_is_an_error()
    {
        var server = new ScriptedSqs((HttpStatusCode.OK, """{"MessageId":"id-1","MD5OfMessageBody":"00000000000000000000000000000000"}"""));
        using var client = server.NewClient();

        var error = await Assert.ThrowsAsync<QueueException>(() => new SqsQueue(client, "http://queue.example/1/q").SendAsync("m"));

        Assert.Contains("another body", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eu-west-2", "sqs.eu-west-2.amazonaws.com")]
    [InlineData("cn-north-1", "sqs.cn-north-1.amazonaws.com.cn")]
    [InlineData("us-gov-west-1", "sqs.us-gov-west-1.amazonaws.com")]
    public async Task The_address_of_the_service_is_that_of_the_region(string region, string host)
    {
        var server = new ScriptedSqs((HttpStatusCode.OK, """{"QueueUrl":"u"}"""));
        using var client = server.NewClient(new SqsClientConfig { RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(region) });

        await client.GetQueueUrlAsync("q");

        Assert.Equal($"https://{host}/", server.Requests[0].Url);
    }

    protected override bool LeasesExclude => false;

    protected override async Task<IMessageQueue> NewQueueAsync() => (await NewQueueWithDeadLettersAsync(MaxReceiveCount)).Queue;

    protected override async Task<IMessageQueue> AnotherViewAsync(IMessageQueue queue) => new SqsQueue(await NewClientAsync(), queue.Name);

    protected override async Task<IReadOnlyList<string>> DeadLettersAsync(IMessageQueue queue)
    {
        var client = await NewClientAsync();
        string arn = (await queue.GetPolicyAsync()).DeadLetters!;
        var dead = new SqsQueue(client, await client.GetQueueUrlAsync(arn[(arn.LastIndexOf(':') + 1)..]));
        List<string> found = [];
        while (await dead.ReceiveAsync(TimeSpan.Zero, Lease) is { } message)
        {
            found.Add(message.Body!);
        }

        return found;
    }

    private static async Task<(SqsQueue Queue, SqsQueue Dead)> NewQueueWithDeadLettersAsync(int maxReceiveCount)
    {
        var client = await NewClientAsync();
        string name = AwsEmulator.UniqueName("queue");
        string deadUrl = await client.CreateQueueAsync(name + "-dead");
        string arn = (await client.GetAttributesAsync(deadUrl, ["QueueArn"]))["QueueArn"];
        string url = await client.CreateQueueAsync(name, new Dictionary<string, string>
        {
            ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":"{{maxReceiveCount}}"}""",
        });
        return (new SqsQueue(client, url), new SqsQueue(client, deadUrl));
    }

    private static async Task<SqsClient> NewClientAsync()
    {
        var aws = await AwsEmulator.GetAsync();
        return new SqsClient(AwsEmulator.Credentials, new SqsClientConfig { ServiceURL = aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region });
    }
}
