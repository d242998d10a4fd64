using System.Globalization;
using System.Text;

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
        var svg = new StringBuilder();
        svg.Append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 440\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"800\" height=\"440\" fill=\"white\"/>\n");
        Text(svg, 400, 24, "middle", "#222", title);
        foreach (double tick in x.Ticks())
        {
            Line(svg, x.At(tick), Top, x.At(tick), Bottom, "#ddd");
            Text(svg, x.At(tick), Bottom + 20, "middle", "#444", tick.ToString("N0", CultureInfo.InvariantCulture));
        }

        foreach (double tick in cost.Ticks())
        {
            Line(svg, Left, cost.At(tick), Right, cost.At(tick), "#eee");
            Text(svg, Left - 8, cost.At(tick) + 4, "end", "#0b62a4", tick.ToString("G2", CultureInfo.InvariantCulture));
        }

        foreach (double tick in delay.Ticks())
        {
            Text(svg, Right + 8, delay.At(tick) + 4, "start", "#b4470b", tick.ToString("G2", CultureInfo.InvariantCulture));
        }

        Text(svg, Left, 48, "start", "#0b62a4", "dollars for a million rows");
        Text(svg, Right, 48, "end", "#b4470b", "seconds until rows are visible");
        Text(svg, 400, Bottom + 44, "middle", "#444", "rows of a commit");
        double bestX = x.At(best.BatchRows);
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{bestX:F1}\" y1=\"{Top}\" x2=\"{bestX:F1}\" y2=\"{Bottom}\" stroke=\"#2a7d2a\" stroke-width=\"2\" stroke-dasharray=\"6 4\"/>\n");
        bool isRight = bestX > 500;
        Text(svg, isRight ? bestX - 6 : bestX + 6, Top + 16, isRight ? "end" : "start", "#2a7d2a", string.Create(CultureInfo.InvariantCulture, $"best bargain: {best.BatchRows:N0} rows"));
        Curve(svg, figures.Select(f => (x.At(f.BatchRows), cost.At((double)f.DollarsPerMillionRows))), "#0b62a4");
        Curve(svg, figures.Select(f => (x.At(f.BatchRows), delay.At(f.DelaySeconds))), "#b4470b");
        return svg.Append("</svg>\n").ToString();
    }

    private static void Line(StringBuilder svg, double x1, double y1, double x2, double y2, string colour) => svg.Append(
        CultureInfo.InvariantCulture, $"<line x1=\"{x1:F1}\" y1=\"{y1:F1}\" x2=\"{x2:F1}\" y2=\"{y2:F1}\" stroke=\"{colour}\"/>\n");

    private static void Text(StringBuilder svg, double x, double y, string anchor, string colour, string text) => svg.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{System.Security.SecurityElement.Escape(text)}</text>\n");

    private static void Curve(StringBuilder svg, IEnumerable<(double X, double Y)> points, string colour)
    {
        var all = points.ToList();
        string line = string.Join(' ', all.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X:F1},{p.Y:F1}")));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");
        foreach (var (x, y) in all)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:F1}\" cy=\"{y:F1}\" r=\"4\" fill=\"{colour}\"/>\n");
        }
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
