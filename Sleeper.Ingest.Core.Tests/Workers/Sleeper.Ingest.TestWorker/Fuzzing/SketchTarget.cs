using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Files of quantile sketches, of numbers and of byte arrays.</summary>
internal sealed class SketchTarget : SeededTarget
{
    private static readonly Schema Keys = Schema.Create().RowKey("number", FieldType.Int).RowKey("text", FieldType.String).RowKey("bytes", FieldType.ByteArray).Build();

    public override string Name => "sketches";

    /// <summary>Three sketches of the largest K, which are bounded whatever the file says.</summary>
    public override long FreeBytes => 4 << 20;

    public override bool IsRefusal(Exception error) => error is SketchFormatException;

    public override void Run(byte[] input, FuzzWork work)
    {
        foreach (QuantileSketch sketch in SketchReader.Read(Keys, input))
        {
            work.Steps += sketch.RetainedCount;
            if (!sketch.IsEmpty)
            {
                sketch.Quantile(0.5);
            }
        }
    }

    protected override IEnumerable<byte[]> MakeSeeds()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            int[] numbers = [.. Enumerable.Range(0, seed * seed * 3).Select(_ => random.Next())];
            int[] offsets = new int[numbers.Length + 1];
            for (int i = 0; i < numbers.Length; i++)
            {
                offsets[i + 1] = offsets[i] + random.Next(4);
            }

            byte[] letters = [.. Enumerable.Repeat((byte)'k', offsets[^1])];
            var set = new SketchSet(Keys, k: 16);
            set.Reset("leaf");
            set.Update(0, numbers);
            set.Update(1, letters, offsets);
            set.Update(2, letters, offsets);
            yield return set.ToArray(numbers.Length);
        }
    }
}
