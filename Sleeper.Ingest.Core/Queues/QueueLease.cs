using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Sleeper.Ingest.Core.Queues;

/// <summary>What a lease of an <see cref="ObjectStoreQueue"/> says.</summary>
/// <remarks>
/// <code>
/// {"format":1,"message":"id of the message","kind":"received","receives":2,"seconds":900,"holder":"16 hex digits","reason":"..."}
/// </code>
/// UTF-8. kind: <c>received</c>, <c>kept</c> (by the same holder) or <c>back</c> (nobody's; the message rests for so many seconds). receives: how often the message
/// was received so far. It runs out so many seconds after the time at which the store says that it was written. reason: why it was given back; may be missing.
/// </remarks>
internal sealed record QueueLease(string MessageId, QueueLeaseKind Kind, int Receives, double Seconds, string Holder, string? Reason = null)
{
    private const int Format = 1;

    public byte[] ToBytes()
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteString("message", MessageId);
            json.WriteString("kind", Name(Kind));
            json.WriteNumber("receives", Receives);
            json.WriteNumber("seconds", Seconds);
            json.WriteString("holder", Holder);
            if (Reason is not null)
            {
                json.WriteString("reason", Reason);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Null if the bytes are no lease that this library knows.</summary>
    public static QueueLease? TryRead(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var json = document.RootElement;
            return json.GetProperty("format").GetInt32() > Format || Parse(json.GetProperty("kind").GetString()) is not { } kind
                ? null
                : new QueueLease(
                    json.GetProperty("message").GetString()!,
                    kind,
                    json.GetProperty("receives").GetInt32(),
                    json.GetProperty("seconds").GetDouble(),
                    json.GetProperty("holder").GetString()!,
                    json.TryGetProperty("reason", out var reason) ? reason.GetString() : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static string Name(QueueLeaseKind kind) => kind switch
    {
        QueueLeaseKind.Received => "received",
        QueueLeaseKind.Kept => "kept",
        _ => "back",
    };

    private static QueueLeaseKind? Parse(string? name) => name switch
    {
        "received" => QueueLeaseKind.Received,
        "kept" => QueueLeaseKind.Kept,
        "back" => QueueLeaseKind.Back,
        _ => null,
    };
}
