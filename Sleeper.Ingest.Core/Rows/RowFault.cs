namespace Sleeper.Ingest.Core.Rows;

/// <summary>Why a row cannot be written: the field, if it is one field's fault, the reason as a clause without a full stop, and the value for those who may see it.</summary>
internal sealed record RowFault(string? FieldName, string Reason, FieldValue Value = default);
