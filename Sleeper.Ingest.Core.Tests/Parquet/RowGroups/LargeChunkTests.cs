using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

/// <summary>A column chunk of three gigabytes, beyond what an int counts.</summary>
public class LargeChunkTests
{
    private const int PageRows = 64;
    private const int PageCount = 3000;
    private static readonly byte[][] Values = [.. Enumerable.Range(0, PageRows).Select(i => Enumerable.Repeat((byte)i, 16 << 10).ToArray())];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_first_rows_are_read_through_a_window()
    {
        RepeatedPages source = Make();
        Assert.InRange(source.Length, 3_000L << 20, 3_010L << 20);
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        var memory = new CountedMemory { ShareBytes = 4 << 20 };
        await using RowGroupReader rows = await file.OpenRowGroupAsync(0, [0], memory, Token);
        var vector = new ColumnVector(VectorKind.Bytes);
        for (int row = 0; row < 1000; row++)
        {
            vector.Clear();
            Assert.Equal(1, await rows.ReadAsync(0, vector, 1, Token));
            Assert.True(vector.BytesAt(0).SequenceEqual(Values[row % PageRows]));
        }

        Assert.Equal(4 << 20, memory.PeakBytes);
        Assert.InRange(source.BytesRead, 16_000_000, 32 << 20);
    }

    [Fact]
    public async Task Its_last_rows_are_read_by_its_page_index()
    {
        RepeatedPages source = Make();
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(source, ParquetReaderLimits.Default, Token);
        PageIndex? index = await file.ReadPageIndexAsync(0, [0], [0], Token);
        Assert.Equal(PageCount, index!.BoundsOf(0)!.PageCount);
        var wanted = new RowRange(source.RowCount - 70, source.RowCount);
        long before = source.BytesRead;
        await using RowGroupReader rows = await file.OpenRowGroupAsync(0, [0], index, wanted, new CountedMemory { ShareBytes = 4 << 20 }, Token);
        var vector = new ColumnVector(VectorKind.Bytes);

        Assert.Equal(70, await rows.ReadAsync(0, vector, 100, Token));
        Assert.Equal(Enumerable.Range(58, 70).Select(row => row % PageRows), Enumerable.Range(0, 70).Select(i => (int)vector.BytesAt(i)[5]));
        Assert.Equal(0, await rows.ReadAsync(0, vector, 100, Token));
        Assert.InRange(source.BytesRead - before, 2 << 20, (2 << 20) + 1000);
    }

    private static RepeatedPages Make() =>
        new([SchemaNode.Primitive("v", Repetition.Required, PhysicalType.ByteArray)], [PlainEncodings.Plain(Values)], PageRows, PageCount);
}
