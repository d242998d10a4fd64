namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>What an ingest of so many rows of one size will hold in memory and spill, before it begins.</summary>
/// <param name="PeakBytes">The most bytes of the budget in use.</param>
/// <param name="SpilledBytes">Bytes of spill files if nothing in them can be packed: a limit.</param>
/// <remarks>
/// Plays the rules of <see cref="BucketWriter"/> and <see cref="BucketSpill"/> with numbers of rows in place of rows that come evenly over all buckets. When
/// every bucket has been spilled a few times nothing new happens any more: from there on what comes in goes out.
/// </remarks>
internal readonly record struct MemoryForecast(long PeakBytes, long SpilledBytes)
{
    /// <summary>After so many spills of each bucket the state repeats itself.</summary>
    private const int SpillsUntilSteady = 6;

    /// <param name="plan">How the budget is shared out.</param>
    /// <param name="rowCount">Rows of the ingest.</param>
    /// <param name="rowBytes">Bytes of one as it lies in a bucket.</param>
    /// <param name="bucketCount">Buckets that get rows.</param>
    public static MemoryForecast Make(MemoryPlan plan, long rowCount, double rowBytes, int bucketCount)
    {
        var game = new Game(plan, rowBytes, Math.Max(1, bucketCount));
        long left = game.Accept(rowCount);
        game.MakeRoomForReading();
        return new MemoryForecast(game.PeakBytes, (long)(game.SpilledBytes + (left * rowBytes)));
    }

    private sealed class Game(MemoryPlan plan, double rowBytes, int buckets)
    {
        private readonly double[] _memoryRows = new double[buckets];
        private readonly double[] _diskRows = new double[buckets];
        private readonly double[] _runBytes = new double[buckets];
        private double _rowsInMemory;
        private int _spills;
        private double _peakBytes;

        public double SpilledBytes { get; private set; }

        public long PeakBytes => (long)Math.Min(plan.BudgetBytes, _peakBytes);

        private int Readers => Math.Min(plan.Workers, buckets);

        /// <summary>On average the slab that a bucket is filling is half full.</summary>
        private double HeldBytes => (_rowsInMemory * rowBytes) + (_rowsInMemory > 0 ? buckets * Math.Min(plan.SlabBytes / 2.0, plan.SlabBytes - rowBytes) : 0);

        /// <summary>Puts rows into the buckets. Returns how many were left when the state repeated itself.</summary>
        public long Accept(long rowCount)
        {
            double batchRows = Math.Max(1, plan.BatchBytes * 15L / 16 / rowBytes);
            double left = rowCount;
            while (left > 0 && _spills < SpillsUntilSteady * buckets)
            {
                double some = Math.Min(left, Math.Max(batchRows, (FreeBytes(SortReserve(batchRows)) / rowBytes / 2) - batchRows));
                for (int i = 0; i < buckets; i++)
                {
                    _memoryRows[i] += some / buckets;
                }

                _rowsInMemory += some;
                left -= some;
                while (FreeBytes(SortReserve(batchRows)) < 0 && TrySpillLargest())
                {
                }

                NotePeak(plan.SetAsideBytes + HeldBytes);
            }

            return (long)left;
        }

        /// <summary>As many buckets as there are workers are loaded and sorted at once; batches are free by then.</summary>
        public void MakeRoomForReading()
        {
            double rest = plan.SetAsideBytes - (plan.Workers * (double)plan.BatchBytes * plan.BatchesPerWorker);
            while (rest + HeldBytes + NeededForReading() > plan.BudgetBytes && TrySpillLargest())
            {
            }

            NotePeak(rest + HeldBytes + NeededForReading());
        }

        private double FreeBytes(double reserve) => plan.BudgetBytes - plan.SetAsideBytes - HeldBytes - reserve;

        private double SortReserve(double rowsToCome) => MemoryPlan.SortBytesPerRow * ((_memoryRows.Max() * Readers) + rowsToCome);

        private double NeededForReading() => Enumerable.Range(0, buckets).Select(Needed).OrderDescending().Take(Readers).Sum();

        private double Needed(int bucket) =>
            (_memoryRows[bucket] * MemoryPlan.SortBytesPerRow)
            + Math.Min(LoadBytes(_diskRows[bucket]), plan.LoadLimitBytes) + Math.Min(_runBytes[bucket], plan.LoadLimitBytes);

        private double LoadBytes(double rows) => rows * (rowBytes + MemoryPlan.SortBytesPerRow);

        private bool TrySpillLargest()
        {
            int largest = Array.IndexOf(_memoryRows, _memoryRows.Max());
            double rows = _memoryRows[largest];
            if (rows <= 0)
            {
                return false;
            }

            bool isExtent = _runBytes[largest] == 0 && LoadBytes(_diskRows[largest] + rows) <= plan.LoadLimitBytes;
            double blockBytes = isExtent ? plan.SlabBytes : plan.RunBlockBytes;
            SpilledBytes += (rows * rowBytes) + (Math.Ceiling(rows * rowBytes / blockBytes) * Spilling.SpillFormat.BlockHeaderBytes);
            if (isExtent)
            {
                _diskRows[largest] += rows;
            }
            else
            {
                _runBytes[largest] += blockBytes;
                NotePeak(plan.SetAsideBytes + HeldBytes + (rows * MemoryPlan.SortBytesPerRow));
            }

            _memoryRows[largest] = 0;
            _rowsInMemory -= rows;
            _spills++;
            return true;
        }

        private void NotePeak(double bytes) => _peakBytes = Math.Max(_peakBytes, bytes);
    }
}
