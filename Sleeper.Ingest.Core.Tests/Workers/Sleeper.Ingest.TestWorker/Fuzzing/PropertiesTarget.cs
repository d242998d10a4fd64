using System.Text;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Properties files. Any text is one: nothing is refused, and what was read is the same when it is written and read again.</summary>
/// <remarks>An input is UTF-8; the byte 1 stands for half of a surrogate pair, which UTF-8 has no bytes for.</remarks>
internal sealed class PropertiesTarget : SeededTarget
{
    private static readonly string[] Texts =
    [
        "#comment\nsleeper.table.name=flights\nsleeper.table.schema={\"rowKeyFields\"\\:[{\"name\"\\:\"key\"}]}\n",
        "!comment\r\na b\rc : d\n  \te\\ f = g \\\n   h\\u00e9\\u00\n\\#k=\\=\\:\\!\\\\\n",
        "long=first half \\\n    second half\nlong=again\n=\n:\nkey\nkey\\",
        "größe=\U0001F600\nt=\\t\\n\\r\\f\n\u0001=\u0001\n",
    ];

    private static readonly byte[][] Pieces = [.. Texts.Select(Encoding.UTF8.GetBytes), "\\"u8.ToArray(), "\\u12"u8.ToArray(), "\\\r\n"u8.ToArray(), "\\\n#"u8.ToArray(), "\f\t "u8.ToArray(), [1]];

    public override string Name => "properties";

    public override bool IsRefusal(Exception error) => false;

    public override byte[] Make(FuzzRandom random) => ByteMutator.Mutated(random.Pick(Seeds), Pieces, random);

    public override void Run(byte[] input, FuzzWork work)
    {
        string text = Encoding.UTF8.GetString(input).Replace('\u0001', '\ud800');
        Dictionary<string, string> read = PropertiesText.Read(text);
        string written = PropertiesText.Write("made", read);
        work.Steps += read.Count;
        work.DeliveredBytes += written.Length;
        Dictionary<string, string> again = PropertiesText.Read(written);
        if (again.Count != read.Count || read.Any(property => !again.TryGetValue(property.Key, out string? value) || value != property.Value))
        {
            throw new FuzzFailure($"Properties that were written are others when they are read again: {written}");
        }
    }

    protected override IEnumerable<byte[]> MakeSeeds() => Texts.Select(Encoding.UTF8.GetBytes);
}
