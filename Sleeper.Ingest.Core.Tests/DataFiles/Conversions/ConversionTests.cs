using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.DataFiles.Conversions;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.DataFiles.Conversions;

/// <summary>Conversions at the edges of types that no other writer at hand reaches.</summary>
public sealed class ConversionTests
{
    [Theory]
    [InlineData(2_440_588, 0L, "1970-01-01T00:00:00.000000000Z")]
    [InlineData(2_440_587, 86_399_999_999_999L, "1969-12-31T23:59:59.999999999Z")]
    [InlineData(2_451_545, 43_200_000_000_000L, "2000-01-01T12:00:00.000000000Z")]
    public void Int96_is_a_julian_day_and_nanoseconds(int day, long nanoseconds, string text)
    {
        byte[] bytes = new byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, nanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), day);
        var column = SchemaNode.Primitive("c", Repetition.Required, PhysicalType.Int96);
        Assert.Equal([text], TextsOf(column, Vector(bytes)));
        long expected = ((day - 2_440_588L) * 86_400_000_000) + (nanoseconds / 1000);
        Assert.Equal([expected], LongsOf(column, ParquetConversion.Microseconds, Vector(bytes), out _));
    }

    [Fact]
    public void Decimals_of_any_width_round_halves_to_the_even_number()
    {
        (string Number, int Scale, long Rounded, long Truncated)[] cases =
        [
            ("25", 1, 2, 2), ("35", 1, 4, 3), ("-25", 1, -2, -2), ("-35", 1, -4, -3), ("26", 1, 3, 2), ("-26", 1, -3, -2), ("5", 1, 0, 0), ("15", 1, 2, 1),
            ("99999999999999999999999999999999995", 32, 1000, 999), ("0", 0, 0, 0),
        ];
        foreach (var (number, scale, rounded, truncated) in cases)
        {
            byte[] bytes = BigInteger.Parse(number, CultureInfo.InvariantCulture).ToByteArray(isBigEndian: true);
            var column = Decimal(scale);
            Assert.Equal([rounded], LongsOf(column, ParquetConversion.Rounded, Vector(bytes), out _));
            Assert.Equal([truncated], LongsOf(column, ParquetConversion.Truncated, Vector(bytes), out _));
        }
    }

    [Fact]
    public void Numbers_beyond_every_field_are_faults_and_their_neighbours_are_not()
    {
        byte[] huge = BigInteger.Pow(10, 60).ToByteArray(isBigEndian: true);
        byte[] max = ((BigInteger)long.MaxValue).ToByteArray(isBigEndian: true);
        byte[] above = ((BigInteger)long.MaxValue + 1).ToByteArray(isBigEndian: true);
        var vector = Vector(max, huge, above, [0x80]);
        Assert.Equal([long.MaxValue, 0, 0, -128], LongsOf(Decimal(0), ParquetConversion.Unscaled, vector, out var faults));
        Assert.Equal([1, 2], faults.Keys.Order());
    }

    [Fact]
    public void Floating_numbers_that_are_no_numbers_are_faults()
    {
        var vector = new ColumnVector(VectorKind.Int64);
        double[] values = [1.5, double.NaN, double.PositiveInfinity, -2.5, 1e300, 9.3e18, -9.2e18];
        vector.EnsureValues(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            vector.Longs[i] = BitConverter.DoubleToInt64Bits(values[i]);
        }

        vector.ValueCount = vector.LevelCount = values.Length;
        var column = SchemaNode.Primitive("c", Repetition.Required, PhysicalType.Double);
        var longs = LongsOf(column, ParquetConversion.Rounded, vector, out var faults);
        Assert.Equal((2, -2, -9_200_000_000_000_000_000), (longs[0], longs[3], longs[6]));
        Assert.Equal([1, 2, 4, 5], faults.Keys.Order());
        LongsOf(column, ParquetConversion.Checked, vector, out faults);
        Assert.Equal([0, 1, 2, 3, 4, 5], faults.Keys.Order());
    }

    [Fact]
    public void Half_floats_and_years_that_have_no_text_are_handled()
    {
        byte[] half = new byte[2];
        BinaryPrimitives.WriteHalfLittleEndian(half, (Half)0.1f);
        var column = SchemaNode.Primitive("c", Repetition.Required, PhysicalType.FixedLenByteArray, new LogicalType(LogicalTypeKind.Float16), null, 2);
        Assert.Equal([((Half)0.1f).ToString("R", CultureInfo.InvariantCulture)], TextsOf(column, Vector(half)));

        var days = new ColumnVector(VectorKind.Int32);
        days.EnsureValues(2);
        days.Ints[1] = int.MaxValue;
        days.ValueCount = days.LevelCount = 2;
        var date = SchemaNode.Primitive("c", Repetition.Required, PhysicalType.Int32, new LogicalType(LogicalTypeKind.Date));
        Assert.Equal(["1970-01-01", ""], TextsOf(date, days, out var faults));
        Assert.Equal([1], faults.Keys);
    }

    private static SchemaNode Decimal(int scale) => SchemaNode.Primitive(
        "c", Repetition.Required, PhysicalType.ByteArray, new LogicalType(LogicalTypeKind.Decimal) { Scale = scale, Precision = 38 });

    private static ColumnVector Vector(params byte[][] values)
    {
        var vector = new ColumnVector(VectorKind.Bytes);
        foreach (byte[] value in values)
        {
            vector.EnsureValues(1);
            vector.EnsureBytes(value.Length);
            value.CopyTo(vector.Bytes.AsSpan(vector.Offsets[vector.ValueCount]));
            vector.Offsets[vector.ValueCount + 1] = vector.Offsets[vector.ValueCount] + value.Length;
            vector.ValueCount++;
            vector.LevelCount++;
        }

        return vector;
    }

    private static long[] LongsOf(SchemaNode column, ParquetConversion how, ColumnVector source, out Dictionary<int, string> faults)
    {
        Assert.True(ConversionChooser.TryChoose(column, FieldType.Long, how, out var conversion, out string reason), reason);
        var target = new ColumnVector(VectorKind.Int64);
        faults = [];
        conversion!.Convert(source, target, faults);
        Assert.Equal(source.ValueCount, target.ValueCount);
        return target.Longs[..target.ValueCount];
    }

    private static string[] TextsOf(SchemaNode column, ColumnVector source) => TextsOf(column, source, out _);

    private static string[] TextsOf(SchemaNode column, ColumnVector source, out Dictionary<int, string> faults)
    {
        Assert.True(ConversionChooser.TryChoose(column, FieldType.String, ParquetConversion.Text, out var conversion, out string reason), reason);
        var target = new ColumnVector(VectorKind.Bytes);
        faults = [];
        conversion!.Convert(source, target, faults);
        return [.. Enumerable.Range(0, target.ValueCount).Select(i => System.Text.Encoding.UTF8.GetString(target.BytesAt(i)))];
    }
}
