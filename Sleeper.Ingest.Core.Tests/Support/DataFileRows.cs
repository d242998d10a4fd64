using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Reads the rows of a data file in file order, through the engine's reader and the plain model of columns.</summary>
internal static class DataFileRows
{
    public static async Task<List<Row>> ReadAsync(IObjectStore store, string path, Schema schema)
    {
        await using var source = await ObjectFileReader.OpenAsync(store, path, default);
        var file = await ParquetFileReader.OpenAsync(source, new ParquetReaderLimits(), default);
        var rows = new List<Row>();
        for (int group = 0; group < file.Metadata.RowGroups.Count; group++)
        {
            int[] columns = [.. Enumerable.Range(0, file.Schema.Columns.Count)];
            await using var reader = await file.OpenRowGroupAsync(group, columns, default);
            int count = (int)file.Metadata.RowGroups[group].NumRows;
            var vectors = columns.Select(c => new ColumnVector(file.Schema.Columns[c].VectorKind)).ToList();
            foreach (int column in columns)
            {
                Assert.Equal(count, await reader.ReadAsync(column, vectors[column], count, default));
            }

            rows.AddRange(ColumnModel.ToRows(schema, vectors, count));
        }

        return rows;
    }
}
