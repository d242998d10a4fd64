// The README's code, run against the package alone.
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

var schema = Schema.Create().RowKey("origin", FieldType.String).SortKey("date", FieldType.Long).Value("delay", FieldType.Int, nullable: true).Build();
Console.WriteLine(new Row(schema, "SEA", 1L, 5));
