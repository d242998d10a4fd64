using System.Globalization;
using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>A run over time as a picture: rows a second above; below it what the process held, what was spilled and what the machine cached.</summary>
internal static class LongRunPlot
{
    private const double Left = 70;
    private const double Right = 770;
    private const int Points = 120;

    /// <summary>The picture as SVG.</summary>
    /// <param name="samples">At least two, from the opening to the end.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="budgetBytes">Is drawn as a line.</param>
    /// <param name="title">Stands above it.</param>
    public static string Draw(IReadOnlyList<RunSample> samples, long rows, long budgetBytes, string title)
    {
        var svg = new SvgDrawing(800, 620);
        svg.Text(400, 24, "middle", "#222", title);
        double end = samples[^1].Seconds;
        double rowBytes = Math.Max(1, samples[^1].Progress.BytesWritten) / (double)rows;
        var rates = new Panel(svg, end, 70, 270, "million rows a second",
        [
            ("taken in", "#0b62a4", Rate(samples, s => s.Progress.RowsAccepted / 1e6)),
            ("written (from bytes)", "#b4470b", Rate(samples, s => s.Progress.BytesWritten / rowBytes / 1e6)),
        ]);
        var memory = new Panel(svg, end, 340, 540, "GiB",
        [
            ("working set", "#0b62a4", Level(samples, s => s.WorkingSetBytes)),
            ("spilled so far", "#b4470b", Level(samples, s => s.Progress.SpilledBytes)),
            ("page cache of the machine", "#888", Level(samples, s => s.CachedBytes)),
        ]);
        double committing = samples.FirstOrDefault(s => s.Progress.Stage >= IngestStage.Writing).Seconds;
        foreach (var panel in new[] { rates, memory })
        {
            panel.Draw();
            panel.Mark(committing, "writing begins");
        }

        memory.Level(budgetBytes / (double)(1 << 30), "budget");
        svg.Text(400, 600, "middle", "#444", "seconds");
        return svg.ToString();
    }

    private static List<(double X, double Y)> Level(IReadOnlyList<RunSample> samples, Func<RunSample, long> bytes) =>
        [.. samples.Select(s => (s.Seconds, bytes(s) / (double)(1 << 30)))];

    /// <summary>Growth between points that are far enough apart for a few samples each.</summary>
    private static List<(double X, double Y)> Rate(IReadOnlyList<RunSample> samples, Func<RunSample, double> amount)
    {
        var points = new List<(double, double)>();
        double least = samples[^1].Seconds / Points;
        var from = samples[0];
        foreach (var to in samples)
        {
            if (to.Seconds - from.Seconds >= least)
            {
                points.Add(((from.Seconds + to.Seconds) / 2, (amount(to) - amount(from)) / (to.Seconds - from.Seconds)));
                from = to;
            }
        }

        return points;
    }

    /// <summary>Curves over time with one axis from 0.</summary>
    private sealed class Panel(SvgDrawing svg, double seconds, double top, double bottom, string unit, (string Name, string Colour, List<(double X, double Y)> Points)[] curves)
    {
        private const int Steps = 5;

        private readonly double _step = Step(curves.SelectMany(c => c.Points).Select(p => p.Y).DefaultIfEmpty().Max() / Steps);

        public void Draw()
        {
            svg.Text(Left, top - 10, "start", "#444", unit);
            for (int i = 0; i <= Steps; i++)
            {
                double y = Y(i * _step);
                svg.Line(Left, y, Right, y, "#ddd");
                svg.Text(Left - 8, y + 4, "end", "#444", (i * _step).ToString("0.###", CultureInfo.InvariantCulture));
                svg.Text(X(seconds * i / Steps), bottom + 18, "middle", "#444", (seconds * i / Steps).ToString("0.#", CultureInfo.InvariantCulture));
            }

            for (int i = 0; i < curves.Length; i++)
            {
                svg.Curve(curves[i].Points.Select(p => (X(p.X), Y(p.Y))), curves[i].Colour, hasDots: false);
                svg.Text(Left + 150 + (i * 180), top - 10, "start", curves[i].Colour, curves[i].Name);
            }
        }

        public void Mark(double at, string text)
        {
            svg.DashedLine(X(at), top, X(at), bottom, "#2a7d2a");
            svg.Text(X(at) + 6, bottom - 8, "start", "#2a7d2a", text);
        }

        public void Level(double value, string text)
        {
            svg.DashedLine(Left, Y(value), Right, Y(value), "#999");
            svg.Text(Left + 6, Y(value) - 5, "start", "#666", text);
        }

        private double X(double at) => Left + ((Right - Left) * at / seconds);

        private double Y(double value) => bottom - ((bottom - top) * value / (Steps * _step));

        /// <summary>The next of 1, 2, 5 times a power of ten.</summary>
        private static double Step(double least)
        {
            double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(least, 1e-3))));
            return power * (least <= power ? 1 : least <= 2 * power ? 2 : least <= 5 * power ? 5 : 10);
        }
    }
}
