using System.Security.Cryptography;
using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>One ingest as its caller knows it.</summary>
internal sealed class ExpectedIngest(string id, Told told, bool isRunning)
{
    private readonly Dictionary<int, string> _digests = [];

    public string Id { get; } = id;

    public Told Told { get; } = told;

    /// <summary>True while its writer lives: it may have an intent and objects that nobody refers to yet.</summary>
    public bool IsRunning { get; } = isRunning;

    /// <summary>Row number to the SHA-256 of the row's <see cref="RowText"/>.</summary>
    public IReadOnlyDictionary<int, string> Digests => _digests;

    public void Add(int number, Row row) =>
        _digests.Add(number, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RowText.Of(row)))));
}
