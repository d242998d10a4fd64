using System.Buffers.Binary;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Arrow;

/// <summary>Snapshots that the Java system wrote are read as it reads them; whatever else comes is refused in words, and takes no more memory than it has bytes.</summary>
public sealed class SnapshotReaderTests
{
    public static TheoryData<string> All => [.. SnapshotFixture.Names];

    /// <summary>Of each kind some that are short enough to change every byte of; all short ones with SLEEPER_SOAK.</summary>
    public static TheoryData<string> Short => Environment.GetEnvironmentVariable("SLEEPER_SOAK") is null
        ? ["files-three", "handmade-files-two", "partitions-LongType", "handmade-partitions-byte-array"]
        : [.. SnapshotFixture.Names.Where(n => new SnapshotFixture(n).Bytes.Length < 6000)];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Item_32_a_snapshot_is_read_as_the_original_reads_it(string name)
    {
        var fixture = new SnapshotFixture(name);
        var (rows, batches) = await fixture.ReadAsync(fixture.Bytes);
        Assert.Equal(fixture.Rows.Select(fixture.ExpectedText), rows);
        if (!name.StartsWith("handmade", StringComparison.Ordinal))
        {
            Assert.Equal(fixture.Meta.GetProperty("batches").GetInt32(), batches);
        }
    }

    [Theory]
    [InlineData("files-zero")]
    [InlineData("partitions-zero")]
    [InlineData("handmade-files-zero")]
    public async Task Item_33_a_schema_without_batches_is_an_empty_state(string name)
    {
        var fixture = new SnapshotFixture(name);
        Assert.Equal((0, 0), (await fixture.ReadAsync(fixture.Bytes) is var (rows, batches)) ? (rows.Count, batches) : default);
    }

    [Fact]
    public async Task Item_36_bounds_of_other_types_than_the_fields_are_not_looked_at()
    {
        // min.long of a byte-array key: its validity bits are set, so that it holds the value 0 for each row.
        const int MinLongValidity = 28;
        var fixture = new SnapshotFixture("handmade-partitions-byte-array");
        byte[] bytes = fixture.Bytes;
        int schemaLength = 8 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        int metadataLength = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(schemaLength + 4));
        int body = schemaLength + 8 + metadataLength;
        var (_, header, _) = ArrowMetadata.ReadMessage(bytes.AsMemory(schemaLength + 8, metadataLength));
        var (offset, length) = header.Pairs(2)[MinLongValidity];
        Assert.Equal((1L, 0), (length, (int)bytes[body + offset]));
        bytes[body + offset] = 0xFF;

        var (rows, _) = await fixture.ReadAsync(bytes);
        Assert.Equal(fixture.Rows.Select(fixture.ExpectedText), rows);
    }

    [Theory]
    [MemberData(nameof(Short))]
    public async Task A_cut_stream_is_refused_wherever_it_is_cut(string name)
    {
        var fixture = new SnapshotFixture(name);
        byte[] bytes = fixture.Bytes;
        for (int length = 0; length < bytes.Length; length++)
        {
            await Assert.ThrowsAsync<ArrowFormatException>(() => fixture.ReadAsync(bytes[..length]));
        }

        await Assert.ThrowsAsync<ArrowFormatException>(() => fixture.ReadAsync([.. bytes, 0]));
    }

    [Theory]
    [MemberData(nameof(Short))]
    public async Task Any_byte_may_be_anything_and_the_end_is_rows_or_a_refusal(string name)
    {
        var fixture = new SnapshotFixture(name);
        byte[] bytes = fixture.Bytes;
        byte[] values = [0x00, 0x01, 0x7F, 0x80, 0xFF];
        bool isSoak = Environment.GetEnvironmentVariable("SLEEPER_SOAK") is not null;
        long before = GC.GetAllocatedBytesForCurrentThread(); // nothing here goes to another thread: the bytes are in memory
        int reads = 0;
        for (int at = 0; at < bytes.Length; at++)
        {
            foreach (byte value in isSoak ? values : [values[at % values.Length]])
            {
                byte old = bytes[at];
                bytes[at] = value;
                try
                {
                    await fixture.ReadAsync(bytes);
                }
                catch (ArrowFormatException e)
                {
                    Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
                }

                bytes[at] = old;
                reads++;
            }
        }

        // No length in the stream was believed beyond what the stream has: a read costs a small multiple of its bytes.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / reads, 0, 500_000);
    }

    [Theory]
    [InlineData(4, "Metadata")] // the length of the schema's metadata
    [InlineData(8, "metadata")] // the place of its root table
    public async Task Lengths_that_cannot_be_are_refused(int at, string words)
    {
        var fixture = new SnapshotFixture("files-three");
        byte[] bytes = fixture.Bytes;
        foreach (int value in new[] { int.MaxValue, int.MinValue, -2, bytes.Length, 1 << 28 })
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
            Assert.Contains(words, (await Assert.ThrowsAsync<ArrowFormatException>(() => fixture.ReadAsync(bytes))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Columns_of_another_snapshot_are_refused_by_name()
    {
        var files = new SnapshotFixture("files-three");
        Assert.Contains("'id'", (await Assert.ThrowsAsync<ArrowFormatException>(() => files.ReadAsync(new SnapshotFixture("partitions-zero").Bytes))).Message
            .Replace("6 columns [id", "'id'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_without_the_marker_of_later_versions_are_read()
    {
        var fixture = new SnapshotFixture("files-three");
        byte[] bytes = fixture.Bytes;
        int schema = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        int batch = 8 + schema;
        byte[] old = [.. bytes.AsSpan(4, 4 + schema), .. bytes.AsSpan(batch + 4, bytes.Length - 8 - batch - 4), 0, 0, 0, 0];
        Assert.Equal((await fixture.ReadAsync(bytes)).Rows, (await fixture.ReadAsync(old)).Rows);
    }
}
