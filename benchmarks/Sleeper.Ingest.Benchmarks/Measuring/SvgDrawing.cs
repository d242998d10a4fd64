using System.Globalization;
using System.Security;
using System.Text;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>A picture as SVG, put together from lines, texts and curves.</summary>
internal sealed class SvgDrawing
{
    private readonly StringBuilder _svg = new();

    public SvgDrawing(int width, int height) => _svg.Append(
        CultureInfo.InvariantCulture,
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n");

    public void Line(double x1, double y1, double x2, double y2, string colour) => _svg.Append(
        CultureInfo.InvariantCulture, $"<line x1=\"{x1:F1}\" y1=\"{y1:F1}\" x2=\"{x2:F1}\" y2=\"{y2:F1}\" stroke=\"{colour}\"/>\n");

    public void DashedLine(double x1, double y1, double x2, double y2, string colour) => _svg.Append(
        CultureInfo.InvariantCulture, $"<line x1=\"{x1:F1}\" y1=\"{y1:F1}\" x2=\"{x2:F1}\" y2=\"{y2:F1}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"6 4\"/>\n");

    public void Text(double x, double y, string anchor, string colour, string text) => _svg.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{SecurityElement.Escape(text)}</text>\n");

    /// <summary>A line through all points; each with a dot, if wanted.</summary>
    public void Curve(IEnumerable<(double X, double Y)> points, string colour, bool hasDots)
    {
        var all = points.ToList();
        string line = string.Join(' ', all.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X:F1},{p.Y:F1}")));
        _svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");
        foreach (var (x, y) in hasDots ? all : [])
        {
            _svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:F1}\" cy=\"{y:F1}\" r=\"4\" fill=\"{colour}\"/>\n");
        }
    }

    public override string ToString() => $"{_svg}</svg>\n";
}
