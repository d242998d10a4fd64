using System.Net;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>
/// Every request of opening an instance and a table, of reading one, making one, writing to one and moving one in goes wrong in every way, once or from then on: the end is done once, or
/// failed with nothing left and an error that says what failed, or unknown, and the same call made again finds out.
/// </summary>
/// <remarks>A part of the requests for each fault; all of them with SLEEPER_SOAK set.</remarks>
public sealed class InstanceFaultTests
{
    private const string Made = "made";

    private static readonly string[] Faults =
    [
        "lost request", "lost answer", "cut body", "500", "500 after the effect", "503", "400 throttling", "time-out", "damaged request", "damaged answer", "clock skew", "access denied",
    ];

    private static readonly Schema MadeSchema = Schema.Create().RowKey("key", FieldType.String).Value("v", FieldType.Long).Build();

    // The rows below and above U+FF5E, on which the orders disagree, are moved by a second commit.
    private static readonly List<Row> MovedRows =
        [.. Enumerable.Range(0, 24).Select(i => new Row(MadeSchema, i % 4 == 0 ? $"🚀{i}" : i % 4 == 1 ? $"z{i}" : $"a{i}", (long)i))];

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string operation in (string[])["open", "read", "create", "ingest", "move"])
            {
                data.Add(operation, true);
                data.Add(operation, false);
            }

            return data;
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_fault_at_any_request_ends_in_one_of_three_ways(string operation, bool once)
    {
        var clean = new Trial(operation, fault: null);
        Assert.Null((await clean.RunAsync()).Error);
        var requests = clean.Requests;
        await clean.AssertSoundAsync("without a fault");
        bool isSoak = Environment.GetEnvironmentVariable("SLEEPER_SOAK") is not null;
        int step = isSoak ? 1 : (once ? 1 : 3) * (operation == "read" ? 5 : 1); // most requests of a read are for data files
        for (int at = 1; at <= requests.Count; at += step)
        {
            var (action, resource) = requests[at - 1];

            // Nothing but TLS protects these answers.
            bool isBare = action.StartsWith("sts:", StringComparison.Ordinal) || resource.EndsWith(".properties", StringComparison.Ordinal) || resource.EndsWith(".arrow", StringComparison.Ordinal);
            string[] faults = [.. Faults.Where(f => !(isBare && f == "damaged answer"))];
            int first = at * 5 % faults.Length;

            // What a refused table leaves is seen in every run.
            string[] some = operation == "create" ? [faults[first], "access denied"] : [faults[first]];
            foreach (string fault in isSoak ? faults : some.Distinct())
            {
                await TryAsync(new Trial(operation, NewFault(fault, isTable: action.StartsWith("dynamodb:", StringComparison.Ordinal), at, once ? 1 : int.MaxValue)), fault, once, action, resource, $"{fault} at request {at} of {requests.Count}");
            }
        }
    }

    private static async Task TryAsync(Trial trial, string fault, bool once, string action, string resource, string where)
    {
        var (isDone, error) = await trial.RunAsync();
        string context = $"{where}, {action} {resource}{(once ? "" : ", and all after it")}: {(isDone ? "done" : error)}";
        bool isS3 = action.StartsWith("s3:", StringComparison.Ordinal);

        Assert.True(trial.StrikeCount > 0, context);
        Assert.True(isDone || error is IngestException, context);
        if (!isDone && fault == "access denied")
        {
            AssertNames(once, action, resource, error!.Message, context);
        }
        else if (!isDone && fault == "clock skew")
        {
            Assert.True(error!.Message.Contains("clock", StringComparison.Ordinal), $"The clock is not named. {context}");
        }
        else if (!isDone && fault != (isS3 ? "damaged answer" : "damaged request"))
        {
            Assert.True(((IngestException)error!).IsRetryable, $"Not said to be worth another try. {context}");
            Assert.True(!once || !isS3, $"S3 is asked again. {context}");
        }

        await trial.AssertSoundAsync(context);
    }

    private static void AssertNames(bool once, string action, string resource, string message, string context)
    {
        string permission = action switch
        {
            "s3:HeadObject" => "s3:GetObject",
            "s3:ListObjectsV2" => "s3:ListBucket",
            _ => action,
        };

        // Where everything is refused from then on, the same place may be named for another request to it.
        permission = once ? permission : permission.Split(':')[0];
        Assert.True(message.Contains(permission, StringComparison.Ordinal), $"{permission} is not named. {context}");

        // Names under the table's id differ from run to run.
        string place = resource.StartsWith("arn:", StringComparison.Ordinal) ? resource.Split('/')[0] : resource;
        Assert.True(message.Contains(place, StringComparison.Ordinal), $"{place} is not named. {context}");
    }

    private static HttpFault NewFault(string name, bool isTable, int call, int times)
    {
        // DynamoDB knows a damaged request, and a wrong clock, by the signature.
        var signature = new HttpFault(HttpFaultKind.Refuse, null, call, times) { Status = HttpStatusCode.BadRequest, Code = "InvalidSignatureException" };
        return name switch
        {
            "lost request" => new HttpFault(HttpFaultKind.LoseRequest, null, call, times),
            "lost answer" => new HttpFault(HttpFaultKind.LoseReply, null, call, times),
            "cut body" => new HttpFault(HttpFaultKind.CutBody, null, call, times),
            "500" => new HttpFault(HttpFaultKind.Refuse, null, call, times),
            "500 after the effect" => new HttpFault(HttpFaultKind.RefuseAfter, null, call, times),
            "503" => new HttpFault(HttpFaultKind.Refuse, null, call, times) { Status = HttpStatusCode.ServiceUnavailable, Code = "SlowDown" },
            "400 throttling" => new HttpFault(HttpFaultKind.Refuse, null, call, times) { Status = HttpStatusCode.BadRequest, Code = "ThrottlingException" },
            "time-out" => new HttpFault(HttpFaultKind.TimeOut, null, call, times),
            "damaged request" => isTable ? signature : new HttpFault(HttpFaultKind.DamageRequest, null, call, times),
            "damaged answer" => new HttpFault(HttpFaultKind.DamageReply, null, call, times),
            "clock skew" => isTable ? signature : new HttpFault(HttpFaultKind.Refuse, null, call, times)
            {
                Status = HttpStatusCode.Forbidden, Code = "RequestTimeTooSkewed", ServerTime = DateTimeOffset.UtcNow.AddHours(1),
            },
            "access denied" => new HttpFault(HttpFaultKind.Refuse, null, call, times) { Status = isTable ? HttpStatusCode.BadRequest : HttpStatusCode.Forbidden, Code = isTable ? "AccessDeniedException" : "AccessDenied" },
            _ => throw new ArgumentException(name, nameof(name)),
        };
    }

    /// <summary>One operation on an instance of its own, with one fault.</summary>
    private sealed class Trial
    {
        private readonly InProcessInstance _place = InProcessInstance.Load("04-snapshotted");
        private readonly string _operation;
        private readonly HttpFault? _fault;
        private readonly InMemoryObjectStore _own = new();
        private readonly string _before;
        private SleeperInstance? _instance;
        private int _skipped;
        private Exception? _error;

        public Trial(string operation, HttpFault? fault)
        {
            _operation = operation;
            _fault = fault;
            _before = Contents();
        }

        public IReadOnlyList<(string Action, string Resource)> Requests => [.. _place.Requests.Skip(_skipped)];

        public int StrikeCount => _fault?.StrikeCount ?? 0;

        private static StateStoreOptions Options => TableFixture.Options(7, new StateStoreClock { Patience = TimeSpan.FromSeconds(60) });

        /// <summary>Runs it. Faults begin after what must be there before it.</summary>
        public async Task<(bool IsDone, Exception? Error)> RunAsync()
        {
            await PrepareAsync();
            if (_fault is not null)
            {
                _place.Http.Add(_fault);
            }

            try
            {
                await RunOnceAsync();
                return (true, null);
            }
            catch (Exception e)
            {
                _error = e;
                return (false, e);
            }
            finally
            {
                _place.Http.Heal();
            }
        }

        /// <summary>What is there is what was said, and the same call made again ends well, and once.</summary>
        public async Task AssertSoundAsync(string context)
        {
            if (_operation is "open" or "read")
            {
                Assert.True(_before == Contents(), $"Something was written. {context}");
            }
            else if (_error is not null && !IsForGood && !IsUnknown)
            {
                AssertNothingLeft(context);
            }

            if (IsUnknown && _operation == "create")
            {
                await Record.ExceptionAsync(RunOnceAsync); // if it was made after all, that is said
            }
            else if (_error is not null || _operation is "open" or "read" or "move")
            {
                await RunOnceAsync();
            }
            else if (_operation == "create")
            {
                await Assert.ThrowsAsync<TableExistsException>(RunOnceAsync);
            }

            using var direct = await _place.OpenDirectAsync();
            await (_operation switch
            {
                "create" => AssertMadeAsync(direct, context),
                "ingest" => AssertIngestedAsync(direct, context),
                "move" => AssertMovedAsync(direct, context),
                _ => Task.CompletedTask,
            });
        }

        private bool IsForGood => _fault is { StrikeCount: > 1 };

        private bool IsUnknown => _error is CommitOutcomeUnknownException || _error?.Message.Contains("not known", StringComparison.Ordinal) == true;

        private async Task PrepareAsync()
        {
            if (_operation == "move")
            {
                var table = await Table.CreateAsync(_own, "mine", MadeSchema, ["m", "\uff5e"], Token);
                await using var writer = await IngestFactory.Create().UseObjectStore(_own).WithTable("mine").WithMemoryBudget(16 << 20).OpenAsync(Token);
                await writer.WriteAsync(MovedRows, Token);
                await writer.CompleteAsync(Token);
            }

            if (_operation != "open")
            {
                _instance = await _place.OpenAsync();
            }

            _skipped = _place.Http.Calls.Count;
        }

        private async Task RunOnceAsync()
        {
            switch (_operation)
            {
                case "open":
                    using (var instance = await _place.OpenAsync())
                    {
                        Assert.Equal(InProcessInstance.Id, instance.Id);
                    }

                    break;
                case "read":
                    Assert.NotEmpty(await LiveRows.ReadAsync((await Table.OpenAsync(_instance!, "orders", Token)).ReadAsync(Token)));
                    break;
                case "create":
                    var tree = PartitionTree.ForInstance(MadeSchema, ["g", "p"], () => Guid.NewGuid().ToString());
                    using (await _instance!.CreateTableAsync(Made, MadeSchema, tree, null, Options, Token))
                    {
                    }

                    break;
                case "ingest":
                    var factory = IngestFactory.Create().UseSleeperInstance(_instance!).WithTable("orders").WithIngestId("fault").WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1)
                        .UseClock(new StateStoreClock { Patience = TimeSpan.FromSeconds(60) });
                    await using (var writer = await factory.OpenAsync(Token))
                    {
                        await writer.WriteAsync(LiveRows.Make((await DirectAsync()).Schema, 20, seed: 3), Token);
                        Assert.Equal(20, (await writer.CompleteAsync(Token)).RowCount);
                    }

                    break;
                default:
                    var own = await Core.StateStores.OwnTables.OwnTable.OpenAsync(_own, "mine", Options, null, Token);
                    await TableMove.RunAsync(own.ToOpenTable(), _instance!, Made, Options, Token);
                    break;
            }
        }

        private async Task<Table> DirectAsync() => await Table.OpenAsync(await _place.OpenDirectAsync(), "orders", Token);

        /// <summary>A failure that is certain leaves the bucket and the logs as they were, or a table that is made to its end.</summary>
        private void AssertNothingLeft(string context)
        {
            bool isHalfMade = _place.Items(InProcessInstance.NameIndex, "TableName", Made).Count > 0;
            if (isHalfMade)
            {
                Assert.True(_error!.Message.Contains("again", StringComparison.Ordinal) || _operation == "move", $"How to go on is not said. {context}");
                return;
            }

            Assert.True(_before == Contents(), $"Something is left: {Contents()[.._before.Length]}. {context}");
        }

        private async Task AssertMadeAsync(SleeperInstance instance, string context)
        {
            string id = AssertIndexed(context);
            Assert.True(_place.Items(InProcessInstance.PartitionsLog, "TABLE_ID", id).Count == 1, $"Its partitions are not there once. {context}");
            Assert.Equal(3, (await (await Table.OpenAsync(instance, Made, Token)).DescribeAsync(Token)).Leaves.Count);
        }

        private async Task AssertIngestedAsync(SleeperInstance instance, string context)
        {
            var table = await Table.OpenAsync(instance, "orders", Token);
            var schema = table.Schema;
            var expected = LiveRows.Make(schema, 20, seed: 3).Select(LiveRows.Text).Order(StringComparer.Ordinal).ToList();
            var all = await LiveRows.ReadAsync(table.ReadAsync(Token));
            Assert.True(expected.All(e => all.Count(a => a == e) == expected.Count(x => x == e)), $"Not every row is there once. {context}");
            Assert.NotNull((await table.ResolveAsync("fault", Token)).Committed);
        }

        private async Task AssertMovedAsync(SleeperInstance instance, string context)
        {
            string id = AssertIndexed(context);
            var table = await Table.OpenAsync(instance, Made, Token);
            Assert.True(
                MovedRows.Select(LiveRows.Text).Order(StringComparer.Ordinal).SequenceEqual(await LiveRows.ReadAsync(table.ReadAsync(Token))), $"Not every row is there once. {context}");
            Assert.True(_place.Items(InProcessInstance.FilesLog, "TABLE_ID", id).Count == 2, $"Not one commit of files and one of rows. {context}");
        }

        private string AssertIndexed(string context)
        {
            var found = _place.Items(InProcessInstance.NameIndex, "TableName", Made);
            Assert.True(found.Count == 1, $"The index has {found.Count} tables of the name. {context}");
            string id = (string)found[0]["TableId"]!["S"]!;
            Assert.Contains(LiveTableProperties.PathOf(id), _place.S3.Keys(InProcessInstance.ConfigBucketName));
            return id;
        }

        /// <summary>All keys and items.</summary>
        private string Contents() => string.Join(
            "\n",
            [
                .. _place.S3.Keys(InProcessInstance.ConfigBucketName), .. _place.S3.Keys(InProcessInstance.DataBucket),
                .. ((string[])[InProcessInstance.NameIndex, InProcessInstance.FilesLog, InProcessInstance.PartitionsLog]).SelectMany(t => _place.DynamoDb.Items(t)).Select(i => i.ToJsonString()),
                $"{_place.S3.OpenUploadCount} uploads",
            ]);
    }
}
