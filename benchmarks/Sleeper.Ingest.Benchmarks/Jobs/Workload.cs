using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>A table that a job fills.</summary>
/// <param name="Name">Also the table's name.</param>
/// <param name="Schema">Its fields.</param>
/// <param name="Split">How a new table gets its leaves.</param>
internal sealed record Workload(string Name, Schema Schema, Func<IngestFactory, IngestFactory> Split)
{
    /// <summary>A factory with all that the command line asks for.</summary>
    public IngestFactory Configure(JobOptions options) => Configure(options, new LocalObjectStore(options.Output, new LocalObjectStoreOptions { Durable = options.IsDurable }));

    /// <summary>The same for a table in a store of the job's own.</summary>
    public IngestFactory Configure(JobOptions options, IObjectStore store)
    {
        var factory = Split(IngestFactory.Create().UseObjectStore(store).WithTable(Name).WithSchema(Schema))
            .WithDegreeOfParallelism(options.Threads)
            .WithFileStrategy(options.IsOneFile ? FileWritingStrategy.OneReferencePerLeaf : FileWritingStrategy.OneFilePerLeaf);
        if (options.MemoryBytes is { } bytes)
        {
            factory.WithMemoryBudget(bytes);
        }

        if (options.SpillFolder is { } folder)
        {
            factory.WithSpillFolder(folder);
        }

        if (options.Profile is { } profile)
        {
            factory.UseStageClock(profile.Start());
        }

        return options.IsDurable ? factory : factory.WithoutDurability();
    }
}
