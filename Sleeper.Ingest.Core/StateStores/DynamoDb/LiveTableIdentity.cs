using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>A table of a deployed Sleeper instance: what must be known of it to read and to extend its two logs.</summary>
/// <remarks>Whoever reads the instance's properties fills this in; nothing here knows what a property is called.</remarks>
internal sealed record LiveTableIdentity
{
    /// <summary>The table's id, usually 8 hexadecimal digits: the hash key of its items.</summary>
    public required string TableId { get; init; }

    /// <summary>The table's name, for messages.</summary>
    public required string TableName { get; init; }

    /// <summary>Gives the types of partition bounds.</summary>
    public required Schema Schema { get; init; }

    /// <summary>The DynamoDB table that holds the files logs of all tables of the instance.</summary>
    public required string FilesLog { get; init; }

    /// <summary>The DynamoDB table that holds their partitions logs.</summary>
    public required string PartitionsLog { get; init; }

    /// <summary>The DynamoDB table that says which snapshots are the latest; null if the table's class makes no use of snapshots.</summary>
    public required string? LatestSnapshots { get; init; }

    /// <summary>The data bucket, its root being the bucket's: paths in it are keys.</summary>
    public required IObjectStore DataBucket { get; init; }

    /// <summary>What names of data files begin with: file system and bucket, with a slash at the end, for example <c>s3a://sleeper-demo-table-data/</c>.</summary>
    public required string FileNameRoot { get; init; }

    /// <summary>The order of rows in the table's data files. Partitions are ordered as the Java system does, whatever this says.</summary>
    public KeyOrder Order { get; init; } = KeyOrder.Bytes;
}
