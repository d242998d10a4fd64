namespace Sleeper.Ingest.Core.Tests.Simulation;

/// <summary>A promise that was broken, or a simulation that cannot go on.</summary>
internal sealed class SimulationFailure(string message, Exception? inner = null) : Exception(message, inner);
