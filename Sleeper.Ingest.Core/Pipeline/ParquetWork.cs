using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>One row group of a Parquet file, to be decoded and encoded on a worker.</summary>
internal sealed class ParquetWork(ParquetInput input, int rowGroup) : IngestWork
{
    private const int MaxStretchRows = 4096;

    public override async ValueTask EncodeAsync(EncodeContext context, CancellationToken cancellationToken)
    {
        var encoder = input.TakeEncoder(context.Limits);
        var memory = new InputMemory(context, $"Row group {rowGroup} of '{input.Name}'");
        try
        {
            var begun = context.Clock?.Begin() ?? default;
            var reader = await input.File.OpenRowGroupAsync(rowGroup, encoder.Columns, memory, cancellationToken).ConfigureAwait(false);
            context.Clock?.End(ClockedStage.Decode, begun);
            await using var ended = reader.ConfigureAwait(false);
            int stretchRows = input.File.RowsIn(context.StretchBytes, rowGroup, encoder.Columns, MaxStretchRows);
            long left = input.File.Metadata.RowGroups[rowGroup].NumRows;
            long done = 0;
            while (left > 0)
            {
                begun = context.Clock?.Begin() ?? default;
                int rows = await encoder.ReadAsync(reader, (int)Math.Min(left, stretchRows), cancellationToken).ConfigureAwait(false);
                context.Clock?.End(ClockedStage.Decode, begun);
                while (!Encode(encoder, context, done))
                {
                    await context.AdvanceAsync(cancellationToken).ConfigureAwait(false);
                }

                done += rows;
                left -= rows;
            }
        }
        finally
        {
            input.GiveBack(encoder);
        }
    }

    private bool Encode(ParquetRowEncoder encoder, EncodeContext context, long done)
    {
        var begun = context.Clock?.Begin() ?? default;
        int before = context.Batch.ByteCount;
        bool isDone = encoder.Encode(context.Batch, context.Router, (row, fault) => Reject(context, done + row, fault));
        context.Clock?.End(ClockedStage.Encode, begun, context.Batch.ByteCount - before);
        return isDone;
    }

    private void Reject(EncodeContext context, long row, Rows.RowFault fault) =>
        context.Reject(new RowError(FirstRowNumber + row, fault.FieldName, fault.Reason, $"{input.Name}, row group {rowGroup}, row {row:N0}", fault.Value));
}
