using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A DynamoDB behind the real SDK's client, without a server: as much of it as logs need, and strict about the rest. Its faults are the test's.</summary>
/// <remarks>
/// It knows PutItem (with <c>attribute_not_exists</c> or without a condition), TransactWriteItems of such puts, Query (hash key, or hash key and a numeric range key from a
/// value on) in pages, and Scan in one. Anything else is answered as the real one answers a request that it does not understand, so a test that needs more fails. One
/// request at a time takes effect. Answers bear their CRC-32, which the SDK checks.
/// </remarks>
internal sealed class InProcessDynamoDb : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Table> _tables = new(StringComparer.Ordinal);
    private readonly List<DynamoDbCall> _calls = [];

    /// <summary>What goes wrong with a request. Default: nothing.</summary>
    public Func<DynamoDbCall, DynamoDbFault> Fault { get; set; } = _ => DynamoDbFault.None;

    /// <summary>Called before a request takes effect, on its thread: here a test lets another program come in between.</summary>
    public Func<DynamoDbCall, Task>? Before { get; set; }

    /// <summary>The most items a page of a query has.</summary>
    public int PageItems { get; set; } = 1000;

    /// <summary>True to end every query with an empty page, which real ones may have.</summary>
    public bool EmptyLastPage { get; set; }

    /// <summary>All requests so far.</summary>
    public IReadOnlyList<DynamoDbCall> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    public void ForgetCalls()
    {
        lock (_lock)
        {
            _calls.Clear();
        }
    }

    public void AddTable(string name, string hashKey, string? rangeKey = null) => _tables[name] = new Table(hashKey, rangeKey);

    /// <summary>A client of it.</summary>
    /// <param name="retries">How often the SDK tries again by itself, waiting about a second each time.</param>
    /// <param name="handler">What stands in between; null for nothing.</param>
    public AmazonDynamoDBClient NewClient(int retries = 0, HttpMessageHandler? handler = null) => new(
        new BasicAWSCredentials("in-process", "in-process"),
        new AmazonDynamoDBConfig
        {
            ServiceURL = "http://in-process.invalid", AuthenticationRegion = "us-east-1", MaxErrorRetry = retries, HttpClientFactory = new HandlerFactory(handler ?? this),
        });

    /// <summary>The items of a table, as DynamoDB JSON, by hash and range key.</summary>
    public IReadOnlyList<JsonObject> Items(string table)
    {
        lock (_lock)
        {
            return [.. _tables[table].Items.Values.SelectMany(p => p.Values).Select(i => (JsonObject)i.DeepClone())];
        }
    }

    /// <summary>Puts an item as an outsider: no condition, no fault.</summary>
    public void Put(string table, JsonObject item)
    {
        lock (_lock)
        {
            _tables[table].Put((JsonObject)item.DeepClone());
        }
    }

    /// <summary>Removes items as an outsider.</summary>
    public int Remove(string table, Func<JsonObject, bool> which)
    {
        lock (_lock)
        {
            return _tables[table].Remove(which);
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string target = request.Headers.GetValues("X-Amz-Target").Single();
        var body = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!.AsObject();
        DynamoDbCall call;
        lock (_lock)
        {
            call = new DynamoDbCall(_calls.Count + 1, target[(target.LastIndexOf('.') + 1)..], body);
            _calls.Add(call);
        }

        var fault = Fault(call);
        if (fault is DynamoDbFault.ErrorBefore)
        {
            throw new HttpRequestException("The connection was closed before the request was sent.");
        }

        if (fault is DynamoDbFault.Throttled or DynamoDbFault.NoPermission or DynamoDbFault.InternalErrorBefore or DynamoDbFault.NoTable)
        {
            return Refuse(fault);
        }

        if (Before is not null)
        {
            await Before(call);
        }

        JsonObject? answer;
        string? error;
        lock (_lock)
        {
            (answer, error) = Answer(call);
        }

        return fault switch
        {
            DynamoDbFault.LostReply => throw new HttpRequestException("The connection was closed before an answer came."),
            DynamoDbFault.InternalErrorAfter => Refuse(fault),
            DynamoDbFault.RepeatedBySdk when call.Operation == "PutItem" => Error(HttpStatusCode.BadRequest, "ConditionalCheckFailedException", "The conditional request failed"),
            DynamoDbFault.CutReply => Cut((answer ?? []).ToJsonString()),
            _ => error is null ? Json(HttpStatusCode.OK, answer!) : Error(HttpStatusCode.BadRequest, error, error == "ConditionalCheckFailedException" ? "The conditional request failed" : error, answer),
        };
    }

    private (JsonObject? Answer, string? Error) Answer(DynamoDbCall call)
    {
        if (call.Operation == "TransactWriteItems")
        {
            return PutAll([.. call.Request["TransactItems"]!.AsArray().Select(i => i!["Put"]!.AsObject())]);
        }

        if (!_tables.TryGetValue((string)call.Request["TableName"]!, out var table))
        {
            return (null, "ResourceNotFoundException");
        }

        return call.Operation switch
        {
            "PutItem" => (Put(table, call.Request) is { } error) ? (null, error) : ([], null),
            "Query" => Query(table, call.Request),
            "Scan" => (new JsonObject { ["Items"] = new JsonArray([.. table.Items.Values.SelectMany(p => p.Values).Select(i => i.DeepClone())]) }, null),
            _ => (null, "UnknownOperationException"),
        };
    }

    /// <summary>All of them or none.</summary>
    private (JsonObject? Answer, string? Error) PutAll(IReadOnlyList<JsonObject> puts)
    {
        if (!puts.All(p => _tables.ContainsKey((string)p["TableName"]!)))
        {
            return (null, "ResourceNotFoundException");
        }

        string[] errors = [.. puts.Select(p => Check(_tables[(string)p["TableName"]!], p) ?? "None")];
        if (errors.Any(e => e != "None"))
        {
            var reasons = errors.Select(e => (JsonNode)new JsonObject { ["Code"] = e == "ConditionalCheckFailedException" ? "ConditionalCheckFailed" : e });
            return (new JsonObject { ["CancellationReasons"] = new JsonArray([.. reasons]) }, "TransactionCanceledException");
        }

        foreach (var put in puts)
        {
            Put(_tables[(string)put["TableName"]!], put);
        }

        return ([], null);
    }

    private static string? Put(Table table, JsonObject request)
    {
        if (Check(table, request) is { } error)
        {
            return error;
        }

        table.Put((JsonObject)request["Item"]!.DeepClone());
        return null;
    }

    private static string? Check(Table table, JsonObject request)
    {
        var item = request["Item"]!.AsObject();
        if (Encoding.UTF8.GetByteCount(item.ToJsonString()) > 400 * 1024)
        {
            return "ValidationException";
        }

        if (request["ConditionExpression"] is { } condition)
        {
            string name = (string)request["ExpressionAttributeNames"]!.AsObject().Single().Value!;
            if ((string)condition! != $"attribute_not_exists({request["ExpressionAttributeNames"]!.AsObject().Single().Key})")
            {
                return "ValidationException";
            }

            if (table.Find(item)?.ContainsKey(name) == true)
            {
                return "ConditionalCheckFailedException";
            }
        }

        return null;
    }

    private (JsonObject? Answer, string? Error) Query(Table table, JsonObject request)
    {
        var names = request["ExpressionAttributeNames"]!.AsObject();
        var values = request["ExpressionAttributeValues"]!.AsObject();
        string[] parts = ((string)request["KeyConditionExpression"]!).Split(" AND ");
        string[] hash = parts[0].Split(" = ");
        if ((string)names[hash[0]]! != table.HashKey)
        {
            return (null, "ValidationException");
        }

        decimal from = decimal.MinValue;
        if (parts.Length == 2)
        {
            string[] range = parts[1].Split(" >= ");
            if ((string)names[range[0]]! != table.RangeKey)
            {
                return (null, "ValidationException");
            }

            from = Number(values[range[1]]!);
        }

        bool isForward = request["ScanIndexForward"] is not { } forward || (bool)forward;
        int limit = Math.Min(request["Limit"] is { } asked ? (int)asked : int.MaxValue, PageItems);
        var found = table.Partition((string)values[hash[1]]!["S"]!).Where(i => i.Key.Number >= from);
        found = isForward ? found : found.Reverse();
        if (request["ExclusiveStartKey"] is { } start)
        {
            decimal after = table.RangeKey is null ? 0 : Number(start[table.RangeKey]!);
            found = found.SkipWhile(i => isForward ? i.Key.Number <= after : i.Key.Number >= after);
        }

        var page = found.Take(limit).ToList();
        bool hasMore = page.Count > 0 && (EmptyLastPage || found.Skip(limit).Any());
        var answer = new JsonObject { ["Items"] = new JsonArray([.. page.Select(i => i.Value.DeepClone())]), ["Count"] = page.Count, ["ScannedCount"] = page.Count };
        if (hasMore)
        {
            answer["LastEvaluatedKey"] = table.KeyOf(page[^1].Value);
        }

        return (answer, null);
    }

    private static decimal Number(JsonNode value) => decimal.Parse((string)value["N"]!, CultureInfo.InvariantCulture);

    private static HttpResponseMessage Refuse(DynamoDbFault fault) => fault switch
    {
        DynamoDbFault.Throttled => Error(HttpStatusCode.BadRequest, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput was exceeded."),
        DynamoDbFault.NoPermission => Error(HttpStatusCode.BadRequest, "AccessDeniedException", "User: arn:aws:sts::1:x is not authorized to perform: dynamodb:It"),
        DynamoDbFault.NoTable => Error(HttpStatusCode.BadRequest, "ResourceNotFoundException", "Requested resource not found"),
        _ => Error(HttpStatusCode.InternalServerError, "InternalServerError", "It could not be processed."),
    };

    private static HttpResponseMessage Error(HttpStatusCode status, string code, string message, JsonObject? details = null)
    {
        var body = details ?? [];
        body["__type"] = $"com.amazonaws.dynamodb.v20120810#{code}";
        body["message"] = message;
        return Json(status, body);
    }

    private static HttpResponseMessage Json(HttpStatusCode status, JsonObject body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        var answer = new HttpResponseMessage(status) { Content = new ByteArrayContent(bytes) };
        answer.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        answer.Headers.Add("x-amz-crc32", Core.Buffers.Crc32.Compute(bytes).ToString(CultureInfo.InvariantCulture));
        return answer;
    }

    /// <summary>An answer whose end is missing: fewer bytes come than were announced.</summary>
    private static HttpResponseMessage Cut(string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body + "    ");
        var content = new StreamContent(new CutStream(bytes.AsMemory(0, bytes.Length / 2)));
        content.Headers.ContentLength = bytes.Length;
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    private sealed class CutStream(ReadOnlyMemory<byte> bytes) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_position == bytes.Length)
            {
                throw new IOException("The connection was closed in the middle of an answer.");
            }

            int length = Math.Min(count, bytes.Length - _position);
            bytes.Slice(_position, length).CopyTo(buffer.AsMemory(offset));
            _position += length;
            return length;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class Table(string hashKey, string? rangeKey)
    {
        public string HashKey { get; } = hashKey;

        public string? RangeKey { get; } = rangeKey;

        private static readonly IComparer<(decimal Number, string Text)> Order = Comparer<(decimal Number, string Text)>.Create(
            (a, b) => a.Number != b.Number ? a.Number.CompareTo(b.Number) : string.CompareOrdinal(a.Text, b.Text));

        public Dictionary<string, SortedDictionary<(decimal Number, string Text), JsonObject>> Items { get; } = new(StringComparer.Ordinal);

        public SortedDictionary<(decimal Number, string Text), JsonObject> Partition(string hash) => Items.TryGetValue(hash, out var found) ? found : new(Order);

        public JsonObject? Find(JsonObject item) =>
            Items.TryGetValue((string)item[HashKey]!["S"]!, out var partition) && partition.TryGetValue(Range(item), out var found) ? found : null;

        public void Put(JsonObject item)
        {
            string hash = (string)item[HashKey]!["S"]!;
            if (!Items.TryGetValue(hash, out var partition))
            {
                Items[hash] = partition = new(Order);
            }

            partition[Range(item)] = item;
        }

        public int Remove(Func<JsonObject, bool> which)
        {
            int count = 0;
            foreach (var partition in Items.Values)
            {
                foreach (var (range, item) in partition.ToList())
                {
                    count += which(item) && partition.Remove(range) ? 1 : 0;
                }
            }

            return count;
        }

        public JsonObject KeyOf(JsonObject item)
        {
            var key = new JsonObject { [HashKey] = item[HashKey]!.DeepClone() };
            if (RangeKey is not null)
            {
                key[RangeKey] = item[RangeKey]!.DeepClone();
            }

            return key;
        }

        private (decimal Number, string Text) Range(JsonObject item) =>
            RangeKey is null ? (0, "") : item[RangeKey]!["N"] is null ? (0, (string)item[RangeKey]!["S"]!) : (Number(item[RangeKey]!), "");
    }
}
