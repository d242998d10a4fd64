using System.Text.Json;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Sketches;

/// <summary>The sketches files of the original's own ingests, both ways.</summary>
public class SketchFixtureTests
{
    private static readonly string Copied = SketchFixtures.Area("sketches");

    public static TheoryData<string> CopiedCases => [.. SketchCase.Names(Copied)];

    [Fact]
    public void There_are_cases() => Assert.Equal(9, CopiedCases.Count);

    [Theory]
    [MemberData(nameof(CopiedCases))]
    public void Item_46_the_rows_of_the_data_files_give_the_sketches_files_byte_for_byte(string name) => AssertWritten(SketchCase.Load(Copied, name));

    [Theory]
    [MemberData(nameof(CopiedCases))]
    public void Item_37_the_reader_answers_as_the_original_does(string name) => AssertRead(SketchCase.Load(Copied, name));

    [Fact]
    public void Item_46_all_cases()
    {
        string? root = SketchFixtures.AllDataFileCases();
        Assert.SkipWhen(root is null, "The full set of data file cases is not beside the project; the copied ones were run.");
        int files = 0;
        foreach (string name in SketchCase.Names(root!))
        {
            var oneCase = SketchCase.Load(root!, name);
            AssertWritten(oneCase);
            AssertRead(oneCase);
            files += oneCase.SketchesFiles.Count;
        }

        Assert.Equal(221, files);
    }

    private static void AssertWritten(SketchCase oneCase)
    {
        var bits = new JavaRandomBits(0);
        var set = new SketchSet(oneCase.Schema, (_, _) => bits);
        var rows = oneCase.Rows();
        foreach (string file in oneCase.SketchesFiles)
        {
            set.Reset("leaf");
            long count = 0;
            foreach (var row in rows[Path.GetFileNameWithoutExtension(file)])
            {
                count++;
                for (int i = 0; i < row.Length; i++)
                {
                    SketchCase.Add(set[i], row[i]);
                }
            }

            Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(set.ToArray(count)), $"{file} is not what its {count} rows give.");
        }
    }

    private static void AssertRead(SketchCase oneCase)
    {
        foreach (string file in oneCase.SketchesFiles)
        {
            var answers = oneCase.Answers(file);
            var sketches = SketchReader.Read(oneCase.Schema, File.ReadAllBytes(file));
            Assert.Equal(answers.EnumerateObject().Count(), sketches.Length);
            for (int i = 0; i < sketches.Length; i++)
            {
                AssertAnswers(answers.GetProperty(oneCase.Schema.RowKeyFields[i].Name), sketches[i]);
            }
        }
    }

    private static void AssertAnswers(JsonElement expected, QuantileSketch sketch)
    {
        Assert.Equal(expected.GetProperty("n").GetInt64(), sketch.Count);
        Assert.Equal(expected.GetProperty("k").GetInt32(), sketch.K);
        Assert.Equal(expected.GetProperty("retainedItems").GetInt64(), sketch.RetainedCount);
        Assert.Equal(SketchCase.Value(sketch.ItemType, expected.GetProperty("min")), sketch.Min);
        Assert.Equal(SketchCase.Value(sketch.ItemType, expected.GetProperty("max")), sketch.Max);
        foreach (var quantile in expected.GetProperty("quantiles").EnumerateArray())
        {
            Assert.Equal(SketchCase.Value(sketch.ItemType, quantile.GetProperty("value")), sketch.Quantile(quantile.GetProperty("rank").GetDouble()));
        }
    }
}
