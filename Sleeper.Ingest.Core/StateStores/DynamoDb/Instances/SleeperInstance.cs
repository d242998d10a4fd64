using System.Runtime.CompilerServices;
using Amazon.DynamoDBv2;
using Amazon.S3;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>A deployed Sleeper instance: where its tables are, and how they want to be written. Thread-safe.</summary>
/// <remarks>
/// Its properties are read once, when it is opened; those of a table each time a table is opened. Nothing of the instance is changed but what a commit or the making
/// of a table adds.
/// </remarks>
/// <example><code>
/// using var instance = await SleeperInstance.OpenAsync("my-instance");
/// await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable("orders").OpenAsync();
/// </code></example>
public sealed class SleeperInstance : IDisposable
{
    private readonly InstanceClients _clients;
    private readonly ConfigBucket _config;
    private readonly TableIndex _index;
    private readonly InstanceProperties _properties;

    private SleeperInstance(InstanceClients clients, ConfigBucket config, InstanceProperties properties)
    {
        _clients = clients;
        _config = config;
        _properties = properties;
        _index = new TableIndex(clients.DynamoDb, properties);
    }

    /// <summary>The instance's id.</summary>
    public string Id => _properties.Id;

    /// <summary>The bucket that holds its properties and those of its tables.</summary>
    public string ConfigBucket => _config.Name;

    /// <summary>The bucket that holds its tables' files.</summary>
    public string DataBucket => _properties.DataBucket;

    /// <summary>Everything in its properties file, by name. Defaults are not in it.</summary>
    public IReadOnlyDictionary<string, string> Properties => _properties.All;

    /// <summary>The same with their defaults and rules.</summary>
    internal InstanceProperties Values => _properties;

    internal IAmazonDynamoDB DynamoDb => _clients.DynamoDb;

    internal IAmazonS3 S3 => _clients.S3;

    /// <summary>Finds an instance and reads its properties. One request; two if the account must be asked for.</summary>
    /// <param name="instanceIdOrConfigBucket">
    /// The instance's id, of at most 20 characters; or the name of its config bucket, which is longer (deployed programs have it in the environment variable
    /// <c>SLEEPER_CONFIG_BUCKET</c>).
    /// </param>
    /// <param name="options">How it is reached; null for the SDK's defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IngestException">It cannot be found or read: the error names what was asked for and how to mend it.</exception>
    /// <exception cref="UnsupportedTableException">It is of another version of Sleeper, or a property is missing or has a value it may not have.</exception>
    public static async Task<SleeperInstance> OpenAsync(
        string instanceIdOrConfigBucket, SleeperInstanceOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceIdOrConfigBucket);
        options ??= new SleeperInstanceOptions();
        var clients = new InstanceClients(options);
        try
        {
            string bucket = Instances.ConfigBucket.IsBucketName(instanceIdOrConfigBucket)
                ? instanceIdOrConfigBucket
                : Instances.ConfigBucket.NameOf(instanceIdOrConfigBucket, options.AccountId ?? await clients.FindAccountAsync(cancellationToken).ConfigureAwait(false));
            var config = new ConfigBucket(clients.Bucket(bucket), bucket);
            var bytes = await ReadPropertiesAsync(config, cancellationToken).ConfigureAwait(false)
                ?? throw new IngestException(
                    $"There is no {config.PlaceOf(InstanceProperties.Path)}: it is not the config bucket of a deployed instance. Check its name, or the instance's id.");
            return new SleeperInstance(clients, config, InstanceProperties.Read(bytes, config.PlaceOf(InstanceProperties.Path), options.AcceptAnyVersion));
        }
        catch
        {
            clients.Dispose();
            throw;
        }
    }

    /// <summary>The names of its tables, in no particular order.</summary>
    public async IAsyncEnumerable<string> ListTablesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var table in _index.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return table.Name;
        }
    }

    /// <summary>Ends the clients that were made for it; those that were given stay.</summary>
    public void Dispose() => _clients.Dispose();

    /// <summary>Opens a table: finds it in the index, by name or else by id, and reads its properties. Two requests, three for an id. Writes nothing.</summary>
    /// <exception cref="TableNotFoundException">There is none.</exception>
    /// <exception cref="UnsupportedTableException">It cannot be worked with: every reason is named.</exception>
    internal async Task<LiveTable> OpenTableAsync(string nameOrId, StateStoreOptions options, Action<string>? warned, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrId);
        var found = await _index.FindByNameAsync(nameOrId, cancellationToken).ConfigureAwait(false)
            ?? await _index.FindByIdAsync(nameOrId, cancellationToken).ConfigureAwait(false)
            ?? throw new TableNotFoundException(nameOrId, $"the instance '{Id}'");
        return await OpenTableAsync(found, options, warned, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds a table by its id if one is given, else by its name, and reads its properties. Two requests. Null if the index has none.</summary>
    /// <exception cref="TableNotFoundException">The index has it, and its properties are not there.</exception>
    /// <exception cref="UnsupportedTableException">It cannot be worked with: every reason is named.</exception>
    internal async Task<LiveTableProperties?> FindTableAsync(string? tableId, string? tableName, CancellationToken cancellationToken)
    {
        var found = tableId is not null
            ? await _index.FindByIdAsync(tableId, cancellationToken).ConfigureAwait(false)
            : await _index.FindByNameAsync(tableName!, cancellationToken).ConfigureAwait(false);
        return found is null ? null : await ReadTableAsync(found, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a table.</summary>
    /// <exception cref="TableExistsException">There is one of that name.</exception>
    internal Task<LiveTable> CreateTableAsync(
        string name, Schema schema, PartitionTree tree, IReadOnlyDictionary<string, string>? properties, StateStoreOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var creation = new LiveTableCreation(
            _config, _index, _properties, options, (table, token) => OpenTableAsync(table, options, warned: null, token));
        return creation.CreateAsync(name, schema, tree, properties ?? new Dictionary<string, string>(), cancellationToken);
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadPropertiesAsync(ConfigBucket config, CancellationToken cancellationToken)
    {
        try
        {
            return await config.ReadAsync(InstanceProperties.Path, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException e)
        {
            throw new IngestException(
                $"The instance with the config bucket '{config.Name}' cannot be opened. {e.Message} The bucket's name is made of the instance's id and the account: check both, or give "
                + "the bucket's name.", e)
            {
                IsRetryable = e.IsRetryable,
            };
        }
    }

    private async Task<LiveTable> OpenTableAsync(IndexedTable found, StateStoreOptions options, Action<string>? warned, CancellationToken cancellationToken)
    {
        var properties = await ReadTableAsync(found, cancellationToken).ConfigureAwait(false);
        return new(_clients, found, properties, options, warned) { IsUnchangedAsync = token => IsUnchangedAsync(properties, token) };
    }

    /// <summary>
    /// True if a table's properties are what they were: then it is the same table, and wants to be written in the same way. A table that is renamed or dropped
    /// changes or loses them, and one that is made anew has another id. One request.
    /// </summary>
    private async Task<bool> IsUnchangedAsync(LiveTableProperties known, CancellationToken cancellationToken)
    {
        var bytes = await _config.ReadAsync(LiveTableProperties.PathOf(known.Id), cancellationToken).ConfigureAwait(false);
        return bytes is { } text && known.HasSameValues(text);
    }

    private async Task<LiveTableProperties> ReadTableAsync(IndexedTable found, CancellationToken cancellationToken)
    {
        string path = LiveTableProperties.PathOf(found.Id);
        var bytes = await _config.ReadAsync(path, cancellationToken).ConfigureAwait(false)
            ?? throw new TableNotFoundException(found.Name, $"the instance '{Id}', whose index has it, but not {_config.PlaceOf(path)}");
        var properties = LiveTableProperties.Read(bytes, _config.PlaceOf(path), _properties);
        return properties.Id == found.Id
            ? properties
            : throw new UnsupportedTableException(
                $"{_config.PlaceOf(path)} says that the table's id is '{properties.Id}', but the instance's index has '{found.Id}' for table '{found.Name}'. Nothing was written.");
    }
}
