using Amazon.DynamoDBv2;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>A DynamoDB in a process of this machine (dynalite): strict about single items and their limits, and its folder survives a kill.</summary>
/// <remarks>
/// <code>
/// var dynalite = await Dynalite.GetAsync();                          // one in memory, shared by all tests of the run
/// await using var own = await Dynalite.StartAsync(folder.Path);      // one of one's own; own.RestartAsync() kills it and starts it on its folder
/// </code>
/// Both skip the test with the reason where it cannot be had, or fail it where CI=true. It lacks: TransactWriteItems and TransactGetItems, time to live,
/// ReturnValuesOnConditionCheckFailure (the item is empty), PartiQL.
/// </remarks>
internal sealed class Dynalite : IAsyncDisposable
{
    private const string Remedy = "Dynalite needs node 20 or later.";

    private static readonly Lazy<Task<Dynalite>> Shared = new(() => StartProcessAsync(null));

    private readonly string? _folder;
    private EmulatorProcess _process;

    private Dynalite(string? folder, EmulatorProcess process)
    {
        _folder = folder;
        _process = process;
    }

    /// <summary>Its address, without a slash at its end. Another one after a restart.</summary>
    public string ServiceUrl => $"http://127.0.0.1:{_process.Port}";

    public int ProcessId => _process.Id;

    /// <summary>The one in memory that all tests of the run share: name tables by <see cref="AwsEmulator.UniqueName"/>.</summary>
    public static Task<Dynalite> GetAsync() => OrSkipAsync(() => Shared.Value);

    /// <summary>Starts one of the test's own, in a folder or in memory.</summary>
    public static Task<Dynalite> StartAsync(string? folder = null) => OrSkipAsync(() => StartProcessAsync(folder));

    /// <summary>Ends the shared one, if it was started.</summary>
    public static async Task StopAsync()
    {
        if (Shared.IsValueCreated && Shared.Value.IsCompletedSuccessfully)
        {
            await (await Shared.Value).DisposeAsync();
        }
    }

    public AmazonDynamoDBConfig NewConfig() => new() { ServiceURL = ServiceUrl, AuthenticationRegion = AwsEmulator.Region };

    public AmazonDynamoDBClient NewClient(AmazonDynamoDBConfig? config = null) => new(AwsEmulator.Credentials, config ?? NewConfig());

    /// <summary>Kills it, as a crash would, and starts it again: with its tables if it has a folder, else empty. Its port is another one.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = await StartServerAsync(_folder);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<Dynalite> OrSkipAsync(Func<Task<Dynalite>> start)
    {
        await NodeTools.RequireAsync();
        try
        {
            return await start();
        }
        catch (EmulatorMissingException missing)
        {
            missing.SkipOrFail(Remedy);
            throw;
        }
    }

    private static async Task<Dynalite> StartProcessAsync(string? folder) => new(folder, await StartServerAsync(folder));

    private static Task<EmulatorProcess> StartServerAsync(string? folder) =>
        EmulatorProcess.StartAsync("node", [Path.Combine(NodeTools.Folder, "dynalite.mjs"), .. folder is null ? Array.Empty<string>() : [folder]]);
}
