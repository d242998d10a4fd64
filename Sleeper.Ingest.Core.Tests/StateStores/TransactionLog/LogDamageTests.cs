using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

/// <summary>Logs that are not as they were written: an error that names the entry, never another state.</summary>
public sealed class LogDamageTests
{
    private readonly InMemoryObjectStore _memory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_flipped_bit_of_an_entry_is_found_and_so_is_every_cut()
    {
        using var table = await MakeAsync(1);
        byte[] good = await ReadAsync(_memory, Entry(1));
        Assert.Equal(1, EntryFormat.Read(good, "x").Number);
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(IsRefused(bad), $"bit {bit % 8} of byte {bit / 8}: {Encoding.UTF8.GetString(bad)}");
        }

        for (int length = 0; length < good.Length; length++)
        {
            Assert.True(IsRefused(good[..length]), $"cut to {length}");
        }

        Assert.True(IsRefused([.. good, .. "{}"u8]));
        Assert.True(IsRefused([.. good, .. good]));
    }

    [Fact]
    public async Task A_damaged_entry_is_named_by_readers_and_writers()
    {
        using var table = await MakeAsync(3);
        byte[] bytes = await ReadAsync(_memory, Entry(2));
        bytes[^10] ^= 1;
        await _memory.PutAsync(Entry(2), bytes, Token);
        await AssertDamagedAsync(table, Entry(2));
    }

    [Fact]
    public async Task A_hole_is_named_though_nothing_names_the_missing_entry()
    {
        using var table = await MakeAsync(5);
        await _memory.DeleteAsync(Entry(3), Token);
        await AssertDamagedAsync(table, Entry(3));
    }

    [Fact]
    public async Task An_entry_from_another_copy_of_the_table_does_not_fit()
    {
        using var table = await MakeAsync(2);
        byte[] ours = await ReadAsync(_memory, Entry(2));
        await _memory.DeleteAsync(Entry(1), Token);
        await _memory.DeleteAsync(Entry(2), Token);
        using var again = await OpenAsync(_memory, 7);
        await CommitAsync(again.StateStore, "another first");
        await _memory.PutAsync(Entry(2), ours, Token);
        await AssertDamagedAsync(again, Entry(2));
    }

    [Fact]
    public async Task An_entry_of_another_table_number_or_log_is_named()
    {
        using var table = await MakeAsync(2);
        byte[] second = await ReadAsync(_memory, Entry(2));
        await _memory.PutAsync(Entry(3), second, Token);
        await AssertDamagedAsync(table, Entry(3));
        await _memory.DeleteAsync(Entry(3), Token);
        await _memory.PutAsync(Entry(3), await ReadAsync(_memory, "events/log/partitions/00000000000000000001.json"), Token);
        await AssertDamagedAsync(table, Entry(3));
    }

    [Fact]
    public async Task Unknown_members_are_tolerated_and_an_unknown_type_or_a_future_format_is_not()
    {
        using var table = await MakeAsync(1);
        byte[] good = await ReadAsync(_memory, Entry(1));
        Assert.Equal(1, EntryFormat.Read(Reheaded(good, "\"format\":1", "\"format\":1,\"later\":{\"a\":[1]}"), "x").Number);
        Assert.Contains("ADD_FILEZ", Assert.Throws<TableDamagedException>(() => EntryFormat.Read(Reheaded(good, "ADD_FILES", "ADD_FILEZ"), "x")).Message);
        var refused = Assert.Throws<UnsupportedTableException>(() => EntryFormat.Read(Reheaded(good, "\"format\":1", "\"format\":2"), "entry one"));
        Assert.Contains("entry one", refused.Message);
        string text = Encoding.UTF8.GetString(good);
        Assert.Equal(1, EntryFormat.Read(Encoding.UTF8.GetBytes(text[..^1] + ",\"later\":[1]}"), "x").Number);
    }

    [Fact]
    public async Task A_trimmed_entry_keeps_its_place_but_without_a_snapshot_readers_refuse_it()
    {
        using var table = await MakeAsync(2);
        var entry = EntryFormat.Read(await ReadAsync(_memory, Entry(1)), "x");
        string text = Encoding.UTF8.GetString(await ReadAsync(_memory, Entry(1)));
        int body = text.IndexOf(",\"body\":", StringComparison.Ordinal);
        await _memory.PutAsync(Entry(1), Encoding.UTF8.GetBytes(text[..body] + ",\"body\":null}"), Token);

        using var writer = await OpenAsync(_memory, 5);
        var committed = await writer.StateStore.FindCommitAsync("id-0", Token);
        Assert.NotNull(committed);
        Assert.Equal((entry.Number, 10L, 0), (committed.TransactionNumber, committed.RowCount, committed.Files.Count));
        Assert.Equal(3, (await CommitAsync(writer.StateStore, "new")).TransactionNumber);
        Assert.Contains("trimmed", (await Assert.ThrowsAsync<TableDamagedException>(() => writer.StateStore.LoadStateAsync(Token))).Message);
    }

    /// <summary>The entry with another header, whose checksum is right.</summary>
    private static byte[] Reheaded(byte[] entry, string part, string replacement)
    {
        string text = Encoding.UTF8.GetString(entry);
        int end = text.IndexOf(",\"checksum\":\"", StringComparison.Ordinal);
        string header = text["{\"header\":".Length..end].Replace(part, replacement, StringComparison.Ordinal);
        string checksum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(header)));
        return Encoding.UTF8.GetBytes($"{{\"header\":{header},\"checksum\":\"{checksum}{text[(end + ",\"checksum\":\"".Length + 64)..]}");
    }

    private static string Entry(long number) => $"events/log/files/{number:D20}.json";

    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            EntryFormat.Read(bytes, "x");
            return false;
        }
        catch (Exception e) when (e is TableDamagedException or UnsupportedTableException)
        {
            return true;
        }
    }

    private async Task<Core.StateStores.OwnTables.OwnTable> MakeAsync(int commits)
    {
        var table = await CreateAsync(_memory);
        for (int i = 0; i < commits; i++)
        {
            await CommitAsync(table.StateStore, $"id-{i}");
        }

        return table;
    }

    private async Task AssertDamagedAsync(Core.StateStores.OwnTables.OwnTable reader, string path)
    {
        // Writers read every entry when they open; readers, who have the table open, read them again.
        Assert.Contains(path, (await Assert.ThrowsAsync<TableDamagedException>(() => OpenAsync(_memory, 5))).ObjectName);
        Assert.Contains(path, (await Assert.ThrowsAsync<TableDamagedException>(() => reader.StateStore.LoadStateAsync(Token))).ObjectName);
    }
}
