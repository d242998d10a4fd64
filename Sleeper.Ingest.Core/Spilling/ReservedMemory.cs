using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Native memory that is reserved in a budget as it is taken.</summary>
internal static class ReservedMemory
{
    /// <summary>Takes memory that was set aside when the plan was made; disposing it gives it back to the budget.</summary>
    public static NativeBuffer Take(MemoryBudget budget, long bytes)
    {
        bytes = Math.Max(1, bytes);
        budget.Reserve(bytes);
        try
        {
            return new NativeBuffer((nint)bytes, budget);
        }
        catch (OutOfMemoryException)
        {
            budget.Release(bytes);
            throw;
        }
    }
}
