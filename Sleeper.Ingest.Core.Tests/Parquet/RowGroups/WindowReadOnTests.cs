using System.Globalization;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.BloomFilters;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

/// <summary>What lies behind a window is fetched while the window is decoded, so that no refill waits for a round trip that could have begun before.</summary>
public class WindowReadOnTests
{
    private const int Columns = 3;
    private const int Rows = 60_000;
    private const int Stretch = 500;
    private const long Share = 96 << 10;

    private static readonly Lazy<byte[]> File = new(() => Write(Rows, 2 << 10, CompressionCodec.Uncompressed));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_refill_waits_for_a_request_only_that_was_sent_when_the_window_before_was_begun()
    {
        var source = new AnsweredSource("f", File.Value);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        var memory = new CountedMemory { ShareBytes = Share };
        await using RowGroupReader rows = await OpenAsync(file, source, memory);
        int opening = source.Requests.Count;
        Assert.Equal(Columns, source.Waiting.Count);
        long[] read = new long[Columns];
        int refills = 0;
        source.Moment = () => read.Min();
        while (read.Min() < Rows)
        {
            for (int column = 0; column < Columns; column++)
            {
                int sent = source.Requests.Count;
                var vector = new ColumnVector(VectorKind.Int64);
                Task<int> reading = rows.ReadAsync(column, vector, Stretch, Token).AsTask();
                while (!reading.IsCompleted)
                {
                    // It waits: for one request, and that one was there before this read began.
                    Assert.Equal(sent, source.Requests.Count);
                    AnsweredSource.Request request = source.Waiting.MinBy(request => Distance(request, column))!;
                    Assert.True(read[column] - request.SentAt >= Share / Columns / 2 / 8 * 2 / 3, $"Sent at row {request.SentAt} of {read[column]}.");
                    request.Answer();
                    refills++;
                    sent = source.Requests.Count;
                }

                Assert.Equal(Stretch, await reading);
                Assert.Equal(Value(column, (int)read[column]), vector.Longs[0]);
                Assert.Equal(Value(column, (int)read[column] + Stretch - 1), vector.Longs[Stretch - 1]);
                read[column] += Stretch;
            }

            Assert.InRange(memory.HeldBytes, 1, Share);
        }

        // Each window is about half of the column's part of the share; nothing was asked for twice or left over.
        Assert.InRange(refills, Rows * 8 * Columns / (Share / Columns / 2) * 3 / 4, Rows * 8 * Columns / (Share / Columns / 2) * 3 / 2);
        Assert.Equal(refills, source.Requests.Count - opening + Columns);
        Assert.Empty(source.Waiting);
        Assert.InRange(memory.PeakBytes, Share / 2, Share);

        // Which column a request is for: they lie behind one another.
        long Distance(AnsweredSource.Request request, int column) => Math.Abs(request.Offset - (4 + (column * (long)File.Value.Length / Columns) + (read[column] * 8)));
    }

    [Fact]
    public async Task A_file_without_round_trips_is_read_through_whole_windows_when_they_are_used_up()
    {
        var source = new AnsweredSource("f", File.Value) { RequestCostBytes = 16 << 10 };
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        int opening = source.Requests.Count;
        await using RowGroupReader rows = await file.OpenRowGroupAsync(0, [0, 1, 2], new CountedMemory { ShareBytes = Share }, Token);

        Assert.Equal(Columns, source.Requests.Count - opening);
        Assert.All(source.Requests.Skip(opening), request => Assert.InRange(request.LengthBytes, (Share / Columns) - 3, Share / Columns));
    }

    [Fact]
    public async Task Where_there_is_no_memory_for_it_nothing_is_read_on_and_the_rows_are_the_same()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = Write(random.Next(1000, 8000), 1 << random.Next(6, 14), random.Next(2) == 0 ? CompressionCodec.Uncompressed : CompressionCodec.Snappy);
            long share = random.Next(1, 40_000);
            var near = new CountedMemory { ShareBytes = share };
            ColumnVector[] expected = await ReadAsync(new AnsweredSource("near", bytes) { RequestCostBytes = 0 }, near);
            var far = new CountedMemory { ShareBytes = share, LimitBytes = near.PeakBytes };

            ColumnVector[] read = await ReadAsync(new AnsweredSource("far", bytes), far);

            Assert.All(expected.Zip(read), pair => VectorSamples.AssertSame(Schema.Columns[0], pair.First, pair.Second));
            Assert.Equal(0, far.HeldBytes);
        }
    }

    [Fact]
    public async Task A_page_that_needs_the_memory_gets_that_of_what_was_read_on()
    {
        // One value in the middle that is as long as all windows: the other columns let go of what they fetched, and fetch it again later.
        var schema = new ParquetSchema("m", [.. Enumerable.Range(0, Columns).Select(i => SchemaNode.Utf8($"t{i}", Repetition.Required))]);
        ColumnVector[] texts =
        [
            .. Enumerable.Range(0, Columns).Select(c => VectorSamples.Strings(
                Enumerable.Range(0, 5000).Select(row => c == 1 && row == 2500 ? new string('x', 20_000) : Value(c, row).ToString("X16", CultureInfo.InvariantCulture)))),
        ];
        byte[] bytes = WrittenFile.Write(schema, Options(1 << 10, CompressionCodec.Uncompressed), null, texts).Bytes;
        var near = new CountedMemory { ShareBytes = 12_000 };
        ColumnVector[] expected = await ReadAsync(new AnsweredSource("near", bytes) { RequestCostBytes = 0 }, near);
        var source = new AnsweredSource("far", bytes);
        var memory = new CountedMemory { ShareBytes = 12_000, LimitBytes = near.PeakBytes - 4_000 };

        ColumnVector[] read = await ReadAsync(source, memory);

        Assert.All(expected.Zip(read), pair => VectorSamples.AssertSame(schema.Columns[0], pair.First, pair.Second));
        Assert.Equal(0, memory.HeldBytes);
        var requests = source.Requests.OrderBy(request => request.Offset).ToList();
        Assert.Contains(requests.Zip(requests.Skip(1)), pair => pair.Second.Offset < pair.First.Offset + pair.First.LengthBytes);
    }

    [Fact]
    public async Task What_goes_wrong_with_bytes_that_are_read_on_is_thrown_where_they_are_wanted()
    {
        var source = new AnsweredSource("f", File.Value);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        var memory = new CountedMemory { ShareBytes = Share };
        await using (RowGroupReader rows = await OpenAsync(file, source, memory))
        {
            Assert.All(source.Waiting, request => request.Refuse(new IOException("cut off")));
            var vector = new ColumnVector(VectorKind.Int64);
            Assert.Equal(1000, await rows.ReadAsync(1, vector, 1000, Token));

            var fault = await Assert.ThrowsAsync<IOException>(async () => await rows.ReadAsync(1, vector, Rows, Token));

            Assert.Equal("cut off", fault.Message);
        }

        Assert.Equal(0, memory.HeldBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Memory_that_a_request_may_still_write_to_is_not_given_back_before_it_ends(bool isAwaited)
    {
        var source = new AnsweredSource("f", File.Value);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        var memory = new CountedMemory { ShareBytes = Share };
        RowGroupReader rows = await OpenAsync(file, source, memory);
        IReadOnlyList<AnsweredSource.Request> waiting = source.Waiting;
        Assert.Equal(Columns, waiting.Count);
        if (isAwaited)
        {
            await rows.DisposeAsync();
        }
        else
        {
            rows.Dispose();
        }

        // The reads were cancelled, and ended with that.
        Assert.All(await Task.WhenAll(waiting.Select(request => request.EndAsync())), end => Assert.IsType<OperationCanceledException>(end));
        Assert.True(!isAwaited || memory.HeldBytes == 0);
        while (memory.HeldBytes > 0)
        {
            await Task.Delay(1, Token);
        }
    }

    [Fact]
    public async Task Cancelling_a_read_that_waits_for_bytes_gives_their_memory_back()
    {
        var source = new AnsweredSource("f", File.Value);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        var memory = new CountedMemory { ShareBytes = Share };
        RowGroupReader rows = await OpenAsync(file, source, memory);
        using var cancel = new CancellationTokenSource();
        Task<int> reading = rows.ReadAsync(0, new ColumnVector(VectorKind.Int64), Rows, cancel.Token).AsTask();
        Assert.False(reading.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await rows.DisposeAsync();
        Assert.Equal(0, memory.HeldBytes);
    }

    private static ParquetSchema Schema { get; } =
        new("m", [.. Enumerable.Range(0, Columns).Select(i => SchemaNode.Primitive($"c{i}", Repetition.Required, PhysicalType.Int64))]);

    /// <summary>Opened with its first windows; from then on requests wait.</summary>
    private static async Task<RowGroupReader> OpenAsync(ParquetFileReader file, AnsweredSource source, IReadMemory memory)
    {
        source.AnswersAtOnce = false;
        Task<RowGroupReader> opening = file.OpenRowGroupAsync(0, [0, 1, 2], memory, Token);
        Assert.All(source.Waiting, request => request.Answer());
        Assert.True(opening.IsCompleted);
        return await opening;
    }

    private static async Task<ColumnVector[]> ReadAsync(IRandomAccessReader source, IReadMemory memory)
    {
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        return await ParquetDrain.ReadColumnsAsync(file, 0, 700, memory);
    }

    /// <summary>Values that no encoding makes shorter than eight bytes.</summary>
    private static long Value(int column, int row) => (long)XxHash64.Hash(((long)row << 8) + column);

    private static byte[] Write(int rows, int pageBytes, CompressionCodec codec) =>
        WrittenFile.Write(
            Schema, Options(pageBytes, codec), null, [.. Enumerable.Range(0, Columns).Select(c => VectorSamples.Longs(Enumerable.Range(0, rows).Select(row => Value(c, row))))]).Bytes;

    private static ParquetWriterOptions Options(int pageBytes, CompressionCodec codec) => new()
    {
        CreateCompressor = () => PageCompression.Create(codec),
        PageBytes = pageBytes,
        Columns = [.. Enumerable.Range(0, Columns).Select(_ => new ColumnWriteOptions { Dictionary = DictionaryUse.Never })],
    };
}
