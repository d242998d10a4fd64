namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The operations of an object store that a <see cref="FaultyObjectStore"/> counts and breaks.</summary>
[Flags]
public enum StoreOperation
{
    None = 0,
    PutIfAbsent = 1,
    Put = 2,
    Create = 4,
    Append = 8,
    Complete = 16,
    Open = 32,
    Read = 64,
    Head = 128,
    Delete = 256,
    List = 512,
    OpenBarrier = 1024,
    Flush = 2048,

    Writes = PutIfAbsent | Put | Create | Append | Complete | Delete | OpenBarrier | Flush,
    Reads = Open | Read | Head | List,
    Any = Writes | Reads,
}
