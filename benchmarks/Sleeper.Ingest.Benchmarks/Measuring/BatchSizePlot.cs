using System.Globalization;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Cost and delay by batch size as a picture: two curves over logarithmic axes, and a line at the best bargain.</summary>
internal static class BatchSizePlot
{
    private const double Left = 80;
    private const double Right = 720;
    private const double Top = 60;
    private const double Bottom = 380;

    /// <summary>The picture as SVG.</summary>
    public static string Draw(IReadOnlyList<BatchSizeFigures> figures, BatchSizeFigures best, string title)
    {
        var x = Axis.Around(figures.Select(f => (double)f.BatchRows), Left, Right);
        var cost = Axis.Around(figures.Select(f => (double)f.DollarsPerMillionRows), Bottom, Top);
        var delay = Axis.Around(figures.Select(f => f.DelaySeconds), Bottom, Top);
        var svg = new SvgDrawing(800, 440);
        svg.Text(400, 24, "middle", "#222", title);
        foreach (double tick in x.Ticks())
        {
            svg.Line(x.At(tick), Top, x.At(tick), Bottom, "#ddd");
            svg.Text(x.At(tick), Bottom + 20, "middle", "#444", tick.ToString("N0", CultureInfo.InvariantCulture));
        }

        foreach (double tick in cost.Ticks())
        {
            svg.Line(Left, cost.At(tick), Right, cost.At(tick), "#eee");
            svg.Text(Left - 8, cost.At(tick) + 4, "end", "#0b62a4", tick.ToString("G2", CultureInfo.InvariantCulture));
        }

        foreach (double tick in delay.Ticks())
        {
            svg.Text(Right + 8, delay.At(tick) + 4, "start", "#b4470b", tick.ToString("G2", CultureInfo.InvariantCulture));
        }

        svg.Text(Left, 48, "start", "#0b62a4", "dollars for a million rows");
        svg.Text(Right, 48, "end", "#b4470b", "seconds until rows are visible");
        svg.Text(400, Bottom + 44, "middle", "#444", "rows of a commit");
        double bestX = x.At(best.BatchRows);
        svg.DashedLine(bestX, Top, bestX, Bottom, "#2a7d2a");
        bool isRight = bestX > 500;
        svg.Text(isRight ? bestX - 6 : bestX + 6, Top + 16, isRight ? "end" : "start", "#2a7d2a", string.Create(CultureInfo.InvariantCulture, $"best bargain: {best.BatchRows:N0} rows"));
        svg.Curve(figures.Select(f => (x.At(f.BatchRows), cost.At((double)f.DollarsPerMillionRows))), "#0b62a4", hasDots: true);
        svg.Curve(figures.Select(f => (x.At(f.BatchRows), delay.At(f.DelaySeconds))), "#b4470b", hasDots: true);
        return svg.ToString();
    }

    /// <summary>A logarithmic axis between whole powers of ten.</summary>
    private sealed record Axis(double First, double Last, double From, double To)
    {
        public static Axis Around(IEnumerable<double> values, double from, double to)
        {
            var logs = values.Select(v => Math.Log10(Math.Max(v, 1e-12))).ToList();
            double first = Math.Floor(logs.Min());
            return new Axis(first, Math.Max(first + 1, Math.Ceiling(logs.Max())), from, to);
        }

        public double At(double value) => From + ((Math.Log10(Math.Max(value, 1e-12)) - First) / (Last - First) * (To - From));

        public IEnumerable<double> Ticks()
        {
            for (double power = First; power <= Last; power++)
            {
                yield return Math.Pow(10, power);
            }
        }
    }
}
