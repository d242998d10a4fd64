using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.Ecs;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs.Ecs;

/// <summary>Tasks on ECS: in the emulator, which runs nothing but counts, and before answers by script.</summary>
public sealed class EcsTaskLauncherTests
{
    [Fact]
    public async Task Tasks_are_started_ten_in_a_call()
    {
        var aws = await AwsEmulator.GetAsync();
        string cluster = AwsEmulator.UniqueName("cluster");
        await CallAsync(aws, "CreateCluster", $$"""{"clusterName":"{{cluster}}"}""");
        await CallAsync(
            aws,
            "RegisterTaskDefinition",
            $$"""
            {"family":"{{cluster}}-task","requiresCompatibilities":["FARGATE"],"networkMode":"awsvpc","cpu":"2048","memory":"4096",
             "containerDefinitions":[{"name":"IngestContainer","image":"worker","cpu":2048,"memory":4096}]}
            """);
        using var launcher = new EcsTaskLauncher(
            new EcsTaskLauncherOptions
            {
                Cluster = cluster,
                TaskDefinition = cluster + "-task",
                Subnets = [await FindAsync(aws, "DescribeSubnets", "subnet-[0-9a-f]+")],
                SecurityGroups = [await FindAsync(aws, "DescribeSecurityGroups", "sg-[0-9a-f]+")],
                Command = ["config-bucket"],
            },
            AwsEmulator.Credentials,
            new EcsClientConfig { ServiceURL = aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region });

        Assert.Equal(0, await launcher.CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(12, await launcher.LaunchAsync(12, TestContext.Current.CancellationToken));
        string tasks = await CallAsync(aws, "ListTasks", $$"""{"cluster":"{{cluster}}"}""");
        Assert.Equal(12, JsonNode.Parse(tasks)!["taskArns"]!.AsArray().Count);
    }

    [Fact]
    public async Task Running_and_pending_tasks_count()
    {
        var server = new ScriptedEcs("""{"clusters":[{"clusterName":"cluster","runningTasksCount":3,"pendingTasksCount":4}],"failures":[]}""");
        using var launcher = server.NewLauncher(Options("cluster"));

        Assert.Equal(7, await launcher.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_cluster_that_is_not_there_is_named()
    {
        var aws = await AwsEmulator.GetAsync();
        using var launcher = new EcsTaskLauncher(
            Options("no-such-cluster"), AwsEmulator.Credentials, new EcsClientConfig { ServiceURL = aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region });

        var error = await Assert.ThrowsAsync<TaskLaunchException>(() => launcher.CountAsync(TestContext.Current.CancellationToken));

        Assert.Contains("no-such-cluster", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_request_says_what_the_original_says()
    {
        var server = new ScriptedEcs("""{"tasks":[{"taskArn":"a"},{"taskArn":"b"}],"failures":[]}""");
        using var launcher = server.NewLauncher(Options("cluster") with { SecurityGroups = ["sg-1"], Command = ["bucket"] });

        Assert.Equal(2, await launcher.LaunchAsync(2, TestContext.Current.CancellationToken));

        var (target, body) = Assert.Single(server.Requests);
        Assert.Equal("AmazonEC2ContainerServiceV20141113.RunTask", target);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse(
                """
                {"cluster":"cluster","taskDefinition":"family","count":2,"launchType":"FARGATE","platformVersion":"1.4.0","propagateTags":"TASK_DEFINITION",
                 "networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"],"securityGroups":["sg-1"]}},
                 "overrides":{"containerOverrides":[{"name":"IngestContainer","command":["bucket"]}]}}
                """),
            body));
    }

    [Fact]
    public async Task Without_capacity_it_tries_again_until_there_is_some()
    {
        var clock = new ManualClock();
        var server = new ScriptedEcs(
            """{"tasks":[{"taskArn":"a"}],"failures":[{"reason":"Capacity is unavailable at this time. Please try again later or in a different availability zone"}]}""",
            """{"tasks":[],"failures":[{"reason":"Capacity is unavailable at this time"}]}""",
            """{"tasks":[{"taskArn":"b"}],"failures":[]}""");
        using var launcher = server.NewLauncher(Options("cluster"), clock);

        var launching = launcher.LaunchAsync(2, TestContext.Current.CancellationToken);
        await clock.AdvanceWhenWaitedForAsync(TimeSpan.FromSeconds(5));
        await clock.AdvanceWhenWaitedForAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(2, await launching);
        Assert.Equal([2, 1, 1], server.Requests.Select(r => r.Body["count"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Capacity_that_does_not_come_and_other_failures_end_with_the_reason()
    {
        var server = new ScriptedEcs("""{"tasks":[],"failures":[{"reason":"Capacity is unavailable at this time"}]}""");
        using var impatient = server.NewLauncher(Options("cluster") with { CapacityWait = TimeSpan.Zero });
        var capacity = await Assert.ThrowsAsync<TaskLaunchException>(() => impatient.LaunchAsync(1, TestContext.Current.CancellationToken));
        Assert.Contains("Capacity is unavailable", capacity.Message, StringComparison.Ordinal);

        var other = new ScriptedEcs("""{"tasks":[{"taskArn":"a"}],"failures":[{"reason":"RESOURCE:MEMORY"}]}""", """{"tasks":[],"failures":[{"reason":"RESOURCE:MEMORY"}]}""");
        using var launcher = other.NewLauncher(Options("cluster"));
        Assert.Equal(1, await launcher.LaunchAsync(2, TestContext.Current.CancellationToken));
        var memory = await Assert.ThrowsAsync<TaskLaunchException>(() => launcher.LaunchAsync(2, TestContext.Current.CancellationToken));
        Assert.Contains("RESOURCE:MEMORY", memory.Message, StringComparison.Ordinal);
    }

    private static EcsTaskLauncherOptions Options(string cluster) => new() { Cluster = cluster, TaskDefinition = "family", Subnets = ["subnet-1"] };

    /// <summary>Operations that the launcher does not need.</summary>
    private static async Task<string> CallAsync(AwsEmulator aws, string operation, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/x-amz-json-1.1");
        content.Headers.Add("X-Amz-Target", "AmazonEC2ContainerServiceV20141113." + operation);
        return await PostAsync(aws, "ecs", content);
    }

    /// <summary>The first id in the answer of an operation of EC2: the emulator has a network that nobody made.</summary>
    private static async Task<string> FindAsync(AwsEmulator aws, string operation, string pattern)
    {
        using var content = new FormUrlEncodedContent([new("Action", operation), new("Version", "2016-11-15")]);
        return Regex.Match(await PostAsync(aws, "ec2", content), pattern).Value;
    }

    /// <summary>The emulator does not look at signatures, only at the service that they are for.</summary>
    private static async Task<string> PostAsync(AwsEmulator aws, string service, HttpContent content)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, aws.ServiceUrl + "/") { Content = content };
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential={AwsEmulator.AccessKey}/20260101/{AwsEmulator.Region}/{service}/aws4_request, SignedHeaders=host, Signature=00");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        string answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, answer);
        return answer;
    }

    /// <summary>Answers with one reply after the other, then with the last one for ever.</summary>
    private sealed class ScriptedEcs(params string[] replies) : HttpMessageHandler
    {
        public List<(string Target, JsonNode Body)> Requests { get; } = [];

        public EcsTaskLauncher NewLauncher(EcsTaskLauncherOptions options, TimeProvider? clock = null) => new(
            options,
            AwsEmulator.Credentials,
            new EcsClientConfig { ServiceURL = "http://ecs.invalid", AuthenticationRegion = AwsEmulator.Region, HttpClientFactory = new Factory(this) },
            clock);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string reply = replies[Math.Min(Requests.Count, replies.Length - 1)];
            Requests.Add((request.Headers.GetValues("X-Amz-Target").Single(), JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!));
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(reply, Encoding.UTF8, "application/x-amz-json-1.1"), RequestMessage = request };
        }

        private sealed class Factory(ScriptedEcs server) : HttpClientFactory
        {
            public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(server, disposeHandler: false);
        }
    }
}
