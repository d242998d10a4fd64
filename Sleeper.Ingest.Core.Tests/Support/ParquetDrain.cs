using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Reads everything of a Parquet file, to see whether it can be read.</summary>
internal static class ParquetDrain
{
    /// <summary>Rows read of all columns together.</summary>
    public static async Task<long> ReadAllAsync(byte[] bytes, int stretch = 1000, ParquetReaderLimits? limits = null, string name = "made.parquet")
    {
        using ParquetFileReader file = await ParquetFileReader.OpenAsync(
            new BytesSource(name, bytes), limits ?? ParquetReaderLimits.Default, TestContext.Current.CancellationToken);
        int[] leaves = [.. Enumerable.Range(0, file.Schema.Columns.Count)];
        long rows = 0;
        for (int i = 0; i < file.RowGroupCount; i++)
        {
            await using RowGroupReader rowGroup = await file.OpenRowGroupAsync(i, leaves, TestContext.Current.CancellationToken);
            foreach (int leaf in leaves)
            {
                var vector = new ColumnVector(file.Schema.Columns[leaf].VectorKind);
                int given;
                while ((given = await rowGroup.ReadAsync(leaf, vector, stretch, TestContext.Current.CancellationToken)) > 0)
                {
                    rows += given;
                    vector.Clear();
                }
            }
        }

        return rows;
    }

    /// <summary>All values of all columns of a row group, read so many rows at a time.</summary>
    public static async Task<ColumnVector[]> ReadColumnsAsync(ParquetFileReader file, int group, int stretch, IReadMemory? memory = null)
    {
        int[] leaves = [.. Enumerable.Range(0, file.Schema.Columns.Count)];
        await using RowGroupReader reader = await file.OpenRowGroupAsync(group, leaves, memory ?? UnboundedMemory.Instance, TestContext.Current.CancellationToken);
        ColumnVector[] columns = [.. leaves.Select(leaf => new ColumnVector(file.Schema.Columns[leaf].VectorKind))];
        int ended = 0;
        while (ended < leaves.Length)
        {
            ended = 0;
            foreach (int leaf in leaves)
            {
                ended += await reader.ReadAsync(leaf, columns[leaf], stretch, TestContext.Current.CancellationToken) == 0 ? 1 : 0;
            }
        }

        return columns;
    }

    /// <summary>The message with which the file is refused.</summary>
    public static async Task<string> RefusalAsync(byte[] bytes, ParquetReaderLimits? limits = null)
    {
        string message = (await Assert.ThrowsAsync<ParquetFormatException>(() => ReadAllAsync(bytes, limits: limits))).Message;
        Assert.Contains("'made.parquet'", message, StringComparison.Ordinal);
        return message;
    }
}
