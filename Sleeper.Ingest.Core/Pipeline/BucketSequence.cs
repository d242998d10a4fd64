using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The rows of all buckets, one bucket after the other: buckets follow the key order here. Each is opened when its turn comes.</summary>
internal sealed unsafe class BucketSequence(IReadOnlyList<Bucket> buckets, BucketReader reader) : IRowCursor
{
    private IRowCursor? _current;
    private int _next;

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        while (true)
        {
            if (_current is not null && _current.MoveNext(out entries, out count))
            {
                return true;
            }

            _current?.Dispose();
            _current = null;
            if (_next == buckets.Count)
            {
                entries = null;
                count = 0;
                return false;
            }

            _current = reader.OpenCursor(buckets[_next++]);
        }
    }

    public void Dispose() => _current?.Dispose();
}
