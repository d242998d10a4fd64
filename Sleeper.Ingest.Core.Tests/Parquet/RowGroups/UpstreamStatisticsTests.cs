using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

/// <summary>The rows of files that upstream's Java wrote, written again: the footer must say the same of them.</summary>
public class UpstreamStatisticsTests
{
    [Theory]
    [InlineData("string-key/file-001.parquet")]
    [InlineData("nullable/file-001.parquet")]
    [InlineData("nullable/file-002.parquet")]
    [InlineData("codecs/zstd/file-001.parquet")]
    [InlineData("pages/v1-plain/file-001.parquet")]
    [InlineData("pages/v2-delta/file-001.parquet")]
    [InlineData("pages/v2-dictionary/file-001.parquet")]
    public async Task Statistics_counts_and_schema_are_those_of_upstream(string name)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(ParquetFixtures.KeptFolder, name), token);
        using ParquetFileReader upstream = await ParquetFileReader.OpenAsync(new BytesSource(name, bytes), new ParquetReaderLimits(), token);
        ParquetWriterOptions options = new() { CreateCompressor = () => PageCompression.Create(CompressionCodec.Snappy) };
        WrittenFile ours = WrittenFile.Write(upstream.Schema, options, () => 100, await GroupsAsync(upstream, token));

        Assert.Equivalent(upstream.Metadata.Schema, ours.Metadata.Schema, strict: true);
        Assert.Equal(upstream.Metadata.Version, ours.Metadata.Version);
        for (int group = 0; group < upstream.RowGroupCount; group++)
        {
            foreach (int leaf in Enumerable.Range(0, upstream.Schema.Columns.Count))
            {
                ColumnMetadata theirs = upstream.Metadata.RowGroups[group].Columns[leaf].Metadata!;
                Assert.Equivalent(theirs.Statistics, ours.Column(leaf, group).Statistics, strict: true);
                Assert.Equal(theirs.NumValues, ours.Column(leaf, group).NumValues);
                Assert.Equal(theirs.SizeStatistics?.UnencodedByteArrayDataBytes, ours.Column(leaf, group).SizeStatistics?.UnencodedByteArrayDataBytes);
            }
        }
    }

    private static async Task<ColumnVector[][]> GroupsAsync(ParquetFileReader file, CancellationToken token)
    {
        var groups = new ColumnVector[file.RowGroupCount][];
        for (int group = 0; group < groups.Length; group++)
        {
            groups[group] = await ParquetDrain.ReadColumnsAsync(file, group, 1 << 20);
        }

        return groups;
    }
}
