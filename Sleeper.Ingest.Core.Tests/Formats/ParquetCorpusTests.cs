using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Files by many other writers (apache/parquet-testing), against digests that two other readers agree on; damaged ones are refused.</summary>
public class ParquetCorpusTests
{
    [Theory]
    [InlineData(1 << 30)]
    [InlineData(2000)]
    public async Task Each_file_of_the_corpus_is_read_or_refused_as_its_manifest_says(long shareBytes)
    {
        string? folder = ParquetFixtures.LargeFolder("corpora", "parquet-testing");
        if (folder is null)
        {
            Assert.Skip("The corpus does not lie beside the project.");
        }

        var faults = new List<string>();
        int files = 0;
        foreach (Match entry in Regex.Matches(await File.ReadAllTextAsync(Path.Combine(folder, "README.md"), TestContext.Current.CancellationToken), @"^\| ((?:data|bad_data)/\S+) \|.*$", RegexOptions.Multiline))
        {
            string[] cells = [.. entry.Value.Split('|').Select(cell => cell.Trim())];
            string? fault = await Check(folder, cells[1], disposition: cells[5], what: cells[6], oracle: cells[7], shareBytes);
            if (fault is not null)
            {
                faults.Add($"{cells[1]} ({cells[5]}): {fault}");
            }

            files++;
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(files >= 49);
    }

    private static async Task<string?> Check(string folder, string name, string disposition, string what, string oracle, long shareBytes)
    {
        var source = new BytesSource(name, await File.ReadAllBytesAsync(Path.Combine(folder, name), TestContext.Current.CancellationToken));
        List<string> rows;
        try
        {
            var memory = new CountedMemory { ShareBytes = shareBytes };
            rows = await CanonicalRows.ReadAsync(source, stretch: 50, memory: memory);
            Assert.Equal(0, memory.HeldBytes);
        }
        catch (ParquetFormatException fault)
        {
            bool mayRefuse = disposition.Contains("REJ", StringComparison.Ordinal) || disposition == "OUT";
            bool saysWhy = !disposition.Contains("ENC", StringComparison.Ordinal) || fault.Message.Contains("encrypted", StringComparison.Ordinal);
            return mayRefuse && saysWhy && fault.Message.Contains(name, StringComparison.Ordinal) ? null : fault.Message;
        }

        if (disposition.StartsWith("READ", StringComparison.Ordinal) && oracle.Length > 0)
        {
            string actual = $"{rows.Count} rows {CanonicalRows.Digest(rows)}";
            return oracle.StartsWith(actual, StringComparison.Ordinal) ? null : $"{actual}, expected {oracle} ({what}); first row {rows.FirstOrDefault()}";
        }

        // Types that Sleeper has not are left to those who map fields; here their metadata must parse. Damage must be refused.
        return disposition is "REJ-CRC" or "REJ-CORRUPT" or "REJ-ENC" or "OUT" ? $"was read: {rows.Count} rows" : null;
    }
}
