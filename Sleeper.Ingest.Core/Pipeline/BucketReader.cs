using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Gives the rows of a bucket in key order, from memory and from spill files, and frees the bucket's memory when it is read.</summary>
internal sealed class BucketReader(MemoryBudget budget, SlabPool pool, BucketSpill spill, StageClock? clock = null)
{
    public MemoryBudget Budget => budget;

    public SortedRows Open(Bucket bucket) => new(OpenCursor(bucket));

    public IRowCursor OpenCursor(Bucket bucket)
    {
        var begun = clock?.Begin() ?? default;
        long bytes = bucket.MemoryBytes;
        var rows = spill.HasSpilled(bucket.Index) ? spill.OpenCursor(bucket) : SortedRun.FromMemory(bucket, pool, budget);
        clock?.End(ClockedStage.Sort, begun, bytes);
        return rows;
    }
}
