namespace Sleeper.Ingest.Core.StateStores.OwnTables.Maintenance;

/// <summary>Collects what a report will say. Thread-safe.</summary>
internal sealed class MaintenanceNotes
{
    private readonly Lock _lock = new();
    private readonly List<MaintenanceItem> _done = [];
    private readonly List<MaintenanceItem> _left = [];

    public void Done(MaintenanceKind kind, string name, string reason)
    {
        lock (_lock)
        {
            _done.Add(new MaintenanceItem(kind, name, reason));
        }
    }

    public void Left(MaintenanceKind kind, string name, string reason)
    {
        lock (_lock)
        {
            _left.Add(new MaintenanceItem(kind, name, reason));
        }
    }

    public MaintenanceReport ToReport(bool isDryRun, DateTimeOffset now)
    {
        lock (_lock)
        {
            return new MaintenanceReport(isDryRun, now, [.. _done], [.. _left]);
        }
    }
}
