using Sleeper.Ingest.Benchmarks.Jobs;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Reads every data file of a table of S128: its rows, whether they are in order, and what their keys add up to.</summary>
/// <param name="Rows">Rows of all files.</param>
/// <param name="KeySum">As of <see cref="S128Rows.KeySum"/>: a row that was lost, doubled or changed gives another.</param>
/// <param name="AreFilesApart">True if no two files have a range of keys in common.</param>
internal sealed record TableCheck(long Rows, ulong KeySum, bool AreFilesApart)
{
    private const int KeyLetters = 10;

    /// <summary>Reads the files below a folder by so many threads.</summary>
    /// <exception cref="InvalidDataException">Rows of a file are out of order.</exception>
    public static async Task<TableCheck> RunAsync(string folder, int threads)
    {
        string[] files = Directory.GetFiles(folder, "*.parquet", SearchOption.AllDirectories);
        var read = new FileInOrder[files.Length];
        await Parallel.ForAsync(0, files.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, async (i, _) => read[i] = await ReadAsync(files[i]));
        ulong sum = 0;
        foreach (var file in read)
        {
            sum += file.KeySum;
        }

        Array.Sort(read, (a, b) => a.First.AsSpan().SequenceCompareTo(b.First));
        bool areApart = read.Zip(read.Skip(1)).All(pair => pair.First.Last.AsSpan().SequenceCompareTo(pair.Second.First) < 0);
        return new TableCheck(read.Sum(file => file.Rows), sum, areApart);
    }

    /// <summary>Refuses a table that has other rows than it should.</summary>
    public void Require(long rows, ulong keySum)
    {
        if (Rows != rows || KeySum != keySum)
        {
            throw new InvalidDataException($"The table has {Rows:N0} rows with a sum of keys of {KeySum}; {rows:N0} rows with {keySum} were given.");
        }
    }

    private static async Task<FileInOrder> ReadAsync(string path)
    {
        await using var source = await ParquetSource.OpenAsync(path, Workloads.S128.Schema);
        var file = new FileInOrder(path);
        await source.ReadAsync(1, () => file.Take);
        return file;
    }

    /// <summary>One file, of which batches come one after the other.</summary>
    private sealed class FileInOrder(string path)
    {
        private byte[] _before = [];

        public long Rows { get; private set; }

        public ulong KeySum { get; private set; }

        public byte[] First { get; private set; } = [];

        public byte[] Last => _before;

        public unsafe void Take(RowBatch batch)
        {
            byte* row = batch.Start;
            var before = new ReadOnlySpan<byte>(_before);
            foreach (var span in batch.Rows)
            {
                var key = new ReadOnlySpan<byte>(row, span.KeyLength);
                if (before.SequenceCompareTo(key) > 0)
                {
                    throw new InvalidDataException($"Row {Rows:N0} of '{path}' is out of order.");
                }

                KeySum += S128Rows.KeyNumber(key[..KeyLetters]);
                First = Rows++ == 0 ? key.ToArray() : First;
                before = key;
                row += span.KeyLength + span.ValueLength;
            }

            _before = before.ToArray();
        }
    }
}
