// Shows: the README's ten lines, run against the package alone.
// <readme>
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

var schema = Schema.Create().RowKey("origin", FieldType.String).SortKey("date", FieldType.Long).Value("delay", FieldType.Int, nullable: true).Build();
await using var writer = await IngestFactory.Create().WithFolder("tables").WithTable("flights").WithSchema(schema).OpenAsync();
await writer.WriteAsync(new Row(schema, "SEA", 978307260000000, 12));
await writer.WriteAsync(new Row(schema, "ATL", 978307320000000, FieldValue.Null));
IngestResult result = await writer.CompleteAsync();
Console.WriteLine($"{result.RowCount} rows are visible since commit {result.CommitNumber}, in {result.Files.Count} file.");
// </readme>
