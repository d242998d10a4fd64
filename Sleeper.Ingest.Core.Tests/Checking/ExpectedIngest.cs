using System.Security.Cryptography;
using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>One ingest as its caller knows it.</summary>
/// <param name="Id">The id.</param>
/// <param name="Told">What the caller was told.</param>
/// <param name="Digests">Row number to the SHA-256 of the row's <see cref="RowText"/>.</param>
/// <param name="IsRunning">True while its writer lives, or nobody has cleared up after it: it may have an intent and objects that nobody refers to.</param>
internal sealed record ExpectedIngest(string Id, Told Told, IReadOnlyDictionary<int, string> Digests, bool IsRunning)
{
    /// <summary>What was seen of its run; null if nobody looked.</summary>
    public ObservedRun? Run { get; init; }

    /// <summary>The digests of rows, by their number.</summary>
    public static IReadOnlyDictionary<int, string> DigestsOf(IEnumerable<Row> rows, int numberField) => rows.ToDictionary(
        row => row.GetInt(numberField), row => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RowText.Of(row)))));
}
