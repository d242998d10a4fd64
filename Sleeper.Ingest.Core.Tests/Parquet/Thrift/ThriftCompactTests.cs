using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Tests.Parquet.Thrift;

public class ThriftCompactTests
{
    [Fact]
    public void Writes_the_bytes_of_the_protocol()
    {
        var buffer = new ByteBuffer(0);
        var writer = new ThriftCompactWriter(buffer);
        writer.BeginStruct();
        writer.I32Field(1, -1);
        writer.BoolField(2, true);
        writer.BoolField(4, false);
        writer.StringField(30, "é");
        writer.StructField(31);
        writer.BeginStruct();
        writer.I64Field(1, 300);
        writer.EndStruct();
        writer.I16Field(32, 2);
        writer.ListField(33, ThriftType.I32, 2);
        writer.I32(1);
        writer.I32(-2);
        writer.EndStruct();

        Assert.Equal("15-01-11-22-08-3C-02-C3-A9-1C-16-D8-04-00-14-04-19-25-02-03-00", BitConverter.ToString(buffer.WrittenSpan.ToArray()));
    }

    [Fact]
    public void Reads_what_was_written_and_skips_what_it_does_not_know()
    {
        var buffer = new ByteBuffer();
        var writer = new ThriftCompactWriter(buffer);
        writer.BeginStruct();
        writer.I64ListField(1, [.. Enumerable.Range(0, 20).Select(i => (long)i - 10)]);
        writer.BoolListField(2, [true, false, true]);
        writer.StructField(3);
        writer.BeginStruct();
        writer.StringField(1, "inside");
        writer.BoolField(2, true);
        writer.EndStruct();
        writer.BinaryListField(4, [[1], [], [2, 3]]);
        writer.I64Field(5, long.MinValue);
        writer.EndStruct();

        var reader = new ThriftCompactReader(buffer.WrittenSpan);
        long last = 0;
        bool[] flags = [];
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            switch (id)
            {
                case 2:
                    flags = reader.ReadBoolList();
                    break;
                case 5:
                    last = reader.ReadI64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        Assert.Equal([true, false, true], flags);
        Assert.Equal(long.MinValue, last);
        Assert.Equal(buffer.Length, reader.Position);
    }

    [Theory]
    [InlineData("18FFFFFFFF7F", "bytes are left")] // a string of 34 GB
    [InlineData("19F5FFFFFF7F", "bytes are left")] // a list of 268 million elements
    [InlineData("15FFFFFFFFFFFFFFFFFFFF01", "longer than ten bytes")]
    [InlineData("15", "ends in the middle")]
    [InlineData("1F", "the field header 0x1F")]
    [InlineData("1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C", "nested more than 16")]
    public void Damaged_bytes_are_refused_with_their_offset(string hex, string expected)
    {
        byte[] bytes = Convert.FromHexString(hex);
        var e = Assert.Throws<ParquetFormatException>(() =>
        {
            var reader = new ThriftCompactReader(bytes, 1000);
            reader.EnterStruct();
            while (reader.NextField(out _))
            {
                reader.Skip();
            }
        });
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Matches("byte 1,[0-9]{3}:", e.Message);
        Assert.InRange(e.Offset!.Value, 1000, 1000 + bytes.Length);
    }

    /// <summary>Fields of an unknown number, a struct in a struct or a list in a list: deep enough to use up the stack, if each level took some.</summary>
    [Theory]
    [InlineData(0x1C)]
    [InlineData(0x19)]
    public void Nesting_without_end_is_refused(byte opening)
    {
        byte[] bytes = new byte[1_000_000];
        Array.Fill(bytes, opening);
        bytes[0] = (byte)((opening & 0x0F) | 0x90); // The first one is field 9.
        var e = Assert.Throws<ParquetFormatException>(() =>
        {
            var reader = new ThriftCompactReader(bytes);
            FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
        });
        Assert.Contains("deep", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_of_another_type_is_refused()
    {
        var e = Assert.Throws<ParquetFormatException>(() =>
        {
            var reader = new ThriftCompactReader([0x16, 0x02, 0x00]);
            reader.EnterStruct();
            reader.NextField(out _);
            reader.ReadI32();
        });
        Assert.Contains("field 1 has type I64, expected I32", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_never_cause_another_exception()
    {
        var random = new Random(17);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = new byte[random.Next(1, 60)];
            random.NextBytes(bytes);
            try
            {
                var reader = new ThriftCompactReader(bytes);
                Sleeper.Ingest.Core.Parquet.Metadata.FileMetadata.Read(ref reader, ParquetReaderLimits.Default);
            }
            catch (ParquetFormatException)
            {
            }
        }
    }
}
