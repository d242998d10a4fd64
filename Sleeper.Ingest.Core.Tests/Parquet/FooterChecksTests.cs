using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Sleeper.Ingest.Core.Tests.Architecture;
using Sleeper.Ingest.Core.Tests.Fuzzing;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet;

/// <summary>Each check of a footer has a footer that only it refuses: shown by taking each check out of a copy of the library.</summary>
public sealed class FooterChecksTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Footers => [.. BadFooters.Names];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_good_footer_is_taken() => BadFooters.CheckGood();

    [Theory]
    [MemberData(nameof(Footers))]
    public void A_footer_with_one_thing_wrong_is_refused(string name) => Assert.Null(BadFooters.Miss(name));

    [Fact]
    public async Task Each_check_is_missed_when_it_is_taken_out()
    {
        RemovedCheck[] checks = [.. FindChecks()];
        Assert.InRange(checks.Length, 15, 40);
        string program = Path.Combine(_folder.Path, "program");
        Directory.CreateDirectory(program);
        foreach (string file in Directory.EnumerateFiles(WorkerProcess.ProgramFolder()))
        {
            File.Copy(file, Path.Combine(program, Path.GetFileName(file)));
        }

        string library = Path.Combine(program, "Sleeper.Ingest.Core.dll");
        byte[] whole = await File.ReadAllBytesAsync(library, TestContext.Current.CancellationToken);
        Assert.Empty(await RunAsync(program));
        foreach (RemovedCheck check in checks)
        {
            await File.WriteAllBytesAsync(library, whole, TestContext.Current.CancellationToken);
            check.Apply(library);
            List<string> missed = await RunAsync(program);
            Assert.True(missed.Count > 0, $"No footer is there that only {check} refuses.");
        }
    }

    private static async Task<List<string>> RunAsync(string program)
    {
        await using WorkerProcess worker = WorkerProcess.StartFrom(program, [], "bad-footers");
        List<string> lines = await worker.ReadToEndAsync();
        Assert.Equal(0, await worker.WaitForExitAsync());
        return lines;
    }

    /// <summary>Every throw of the class.</summary>
    private static IEnumerable<RemovedCheck> FindChecks()
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(WorkerProcess.ProgramFolder(), "Sleeper.Ingest.Core.dll")));
        MetadataReader metadata = file.GetMetadataReader();
        TypeDefinition type = metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Single(type => metadata.GetString(type.Name) == "FooterChecks");
        foreach (MethodDefinition method in type.GetMethods().Select(metadata.GetMethodDefinition))
        {
            int throws = method.RelativeVirtualAddress == 0 ? 0
                : IntermediateCode.OffsetsOf(file.GetMethodBody(method.RelativeVirtualAddress).GetILReader(), OpCodes.Throw).Count;
            for (int i = 0; i < throws; i++)
            {
                yield return new RemovedCheck("Parquet.FooterChecks", metadata.GetString(method.Name), i);
            }
        }
    }
}
