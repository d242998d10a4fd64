using System.Globalization;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>Reads the data files and sketches and verifies them against their references (I6 to I10).</summary>
internal sealed class DataCheck(
    string tableFolder, CheckedProperties properties, ExpectedTable expected, Dictionary<string, CheckedPartition> tree, List<Violation> violations)
{
    /// <summary>The rows of all files that can be read.</summary>
    public async Task<List<CheckedRow>> RunAsync(IReadOnlyList<CheckedFile> files)
    {
        var readable = files.Where(IsThere).ToList();
        var rows = new List<CheckedRow>();
        foreach (var (file, found) in await ReadAsync(readable))
        {
            CheckOrder(file, found);
            CheckPartitions(file, found);
            CheckSketches(file, found);
            rows.AddRange(found);
        }

        return rows;
    }

    private bool IsThere(CheckedFile file)
    {
        var info = new FileInfo(Path.Combine(tableFolder, file.Name));
        if (!info.Exists || (file.Length >= 0 && info.Length != file.Length))
        {
            violations.Add(new Violation("I6", info.Exists ? $"{file.Name} has {info.Length} bytes, not {file.Length}." : $"{file.Name} is missing."));
        }

        return info.Exists;
    }

    /// <summary>All files in one query; one by one only to find out which of them cannot be read.</summary>
    private async Task<List<(CheckedFile File, List<CheckedRow> Rows)>> ReadAsync(List<CheckedFile> files)
    {
        if (files.Count == 0)
        {
            return [];
        }

        try
        {
            return await QueryAsync(files);
        }
        catch (InvalidOperationException e) when (files.Count == 1)
        {
            violations.Add(new Violation("I6", $"{files[0].Name} cannot be read: {e.Message}"));
            return [];
        }
        catch (InvalidOperationException)
        {
            var read = new List<(CheckedFile, List<CheckedRow>)>();
            foreach (var file in files)
            {
                read.AddRange(await ReadAsync([file]));
            }

            return read;
        }
    }

    private async Task<List<(CheckedFile File, List<CheckedRow> Rows)>> QueryAsync(List<CheckedFile> files)
    {
        string paths = string.Join(", ", files.Select(f => DuckDb.Quote(Path.Combine(tableFolder, f.Name))));
        CheckedField[] keys = [.. properties.RowKeys, .. properties.SortKeys];
        string text = string.Join(" || '|' || ", properties.AllFields.Select(f => f.RowTextSql));
        var (ingest, number) = (properties.AllFields[expected.IngestField].Column, properties.AllFields[expected.NumberField].Column);
        var lines = await DuckDb.QueryAsync(
            $"SELECT filename, {ingest}, {number}, sha256({text}), {string.Join(", ", keys.Select((k, i) => $"{k.Sql} AS checked_key_{i}"))} "
            + $"FROM read_parquet([{paths}], filename = true, file_row_number = true) ORDER BY filename, file_row_number");
        var byFile = lines.ToLookup(
            line => line[0]!,
            line => new CheckedRow(line[1]!, int.Parse(line[2]!, CultureInfo.InvariantCulture), line[3]!, [.. keys.Select((k, i) => KeyText.OfColumn(k, line[4 + i]!))]));
        await CheckFootersAsync(files, paths, byFile);
        return [.. files.Select(f => (f, byFile[Path.Combine(tableFolder, f.Name)].ToList()))];
    }

    private async Task CheckFootersAsync(List<CheckedFile> files, string paths, ILookup<string, CheckedRow> rows)
    {
        var footers = await DuckDb.QueryAsync($"SELECT file_name, num_rows FROM parquet_file_metadata([{paths}])");
        var counts = footers.ToDictionary(line => line[0]!, line => long.Parse(line[1]!, CultureInfo.InvariantCulture));
        foreach (var file in files)
        {
            string path = Path.Combine(tableFolder, file.Name);
            if (counts[path] != rows[path].Count())
            {
                violations.Add(new Violation("I7", $"{file.Name}: the footer counts {counts[path]} rows, {rows[path].Count()} were decoded."));
            }
        }
    }

    private void CheckOrder(CheckedFile file, List<CheckedRow> rows)
    {
        for (int i = 1; i < rows.Count; i++)
        {
            int order = rows[i - 1].Keys.Zip(rows[i].Keys, string.CompareOrdinal).FirstOrDefault(c => c != 0);
            if (order > 0)
            {
                violations.Add(new Violation("I8", $"{file.Name}: row {i} comes before row {i - 1}."));
                return;
            }
        }
    }

    private void CheckPartitions(CheckedFile file, List<CheckedRow> rows)
    {
        var unknown = file.References.Where(r => !tree.ContainsKey(r.Partition)).Select(r => r.Partition).ToList();
        if (unknown.Count > 0 || file.References.Count == 0)
        {
            violations.Add(new Violation("I9", $"{file.Name} is referenced by {file.References.Count} partitions, of which the tree has not: {string.Join(", ", unknown)}."));
            return;
        }

        var covers = rows.ConvertAll(row => file.References.Count(r => tree[r.Partition].Contains(row.Keys)));
        int wrong = covers.FindIndex(count => count != 1);
        if (wrong >= 0)
        {
            violations.Add(new Violation("I9", $"{file.Name}: row {wrong} ({rows[wrong].Ingest}, {rows[wrong].Number}) lies in {covers[wrong]} of its references."));
        }

        foreach (var reference in file.References)
        {
            int count = rows.Count(row => tree[reference.Partition].Contains(row.Keys));
            if (!reference.IsApproximate && count != reference.Rows)
            {
                violations.Add(new Violation("I7", $"{file.Name}: partition {reference.Partition} has {reference.Rows} rows in the log and {count} in the file."));
            }

            for (string? above = tree[reference.Partition].ParentId; above is not null && tree.ContainsKey(above); above = tree[above].ParentId)
            {
                if (file.References.Any(r => r.Partition == above))
                {
                    violations.Add(new Violation("I9", $"{file.Name} is referenced by {reference.Partition} and by {above} above it."));
                }
            }
        }
    }

    private void CheckSketches(CheckedFile file, List<CheckedRow> rows)
    {
        string path = Path.Combine(tableFolder, file.Sketches);
        violations.AddRange(File.Exists(path)
            ? SketchCheck.Check(file.Sketches, File.ReadAllBytes(path), properties.RowKeys, rows.ConvertAll(row => row.Keys))
            : [new Violation("I6", $"{file.Sketches} is missing.")]);
    }
}
