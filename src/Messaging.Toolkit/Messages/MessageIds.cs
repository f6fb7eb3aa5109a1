using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Messages;

/// <summary>Message ids: UUIDv7 (RFC 9562 §5.7), random for a new message, derived for one that is caused by another.</summary>
internal sealed class MessageIds(TimeProvider time, EntropySource entropy)
{
    public Guid New()
    {
        Span<byte> bytes = stackalloc byte[16];
        entropy.Fill(bytes);
        return Version7(time.GetUtcNow().ToUnixTimeMilliseconds(), bytes);
    }

    /// <summary>
    /// The id of the n-th message that an endpoint sends while it handles another: a hash of (cause, endpoint, n, type)
    /// in the shape of UUIDv7 with the time of the cause. A handler that runs again sends the same ids, and the next
    /// inbox absorbs them.
    /// </summary>
    public static Guid Derive(MessageEnvelope cause, string endpoint, int n, string type)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[20];
        cause.Id.TryWriteBytes(head, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(head[16..], n);
        hash.AppendData(head);
        AppendText(hash, endpoint);
        AppendText(hash, type);
        if (cause.IdempotencyKey is not null)
        {
            // It is published again with another time, and must have the same children all the same.
            return Version8(hash);
        }

        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return Version7(TimeOf(cause), digest[..16]);
    }

    /// <summary>The id of a saga's request: the same attempt at the same step is the same message, however often it is sent.</summary>
    public static Guid OfRequest(Guid saga, string step, int attempt, bool undoes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[21];
        saga.TryWriteBytes(head, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(head[16..], attempt);
        head[20] = undoes ? (byte)1 : (byte)0;
        hash.AppendData(head);
        AppendText(hash, step);
        return Version8(hash);
    }

    /// <summary>The id of the message of a recurring schedule's tick, in the shape of UUIDv7 with the time of the tick: whichever process sends it.</summary>
    public static Guid OfTick(string schedule, DateTime tick)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(head, tick.Ticks);
        hash.AppendData(head);
        AppendText(hash, schedule);

        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return Version7(new DateTimeOffset(DateTime.SpecifyKind(tick, DateTimeKind.Utc)).ToUnixTimeMilliseconds(), digest[..16]);
    }

    /// <summary>The id of a message whose sender does not use UUIDs: a hash of (source, id) in the shape of UUIDv8 (RFC 9562 §5.8).</summary>
    public static Guid OfForeign(string source, string id)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(hash, source);
        AppendText(hash, id);
        return Version8(hash);
    }

    /// <summary>The id of a message that is published under a key of the caller's: however often, it is the same. In the shape of UUIDv8.</summary>
    public static Guid OfIdempotencyKey(string source, string type, string key)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(hash, "idempotency-key");
        AppendText(hash, source);
        AppendText(hash, type);
        AppendText(hash, key);
        return Version8(hash);
    }

    private static Guid Version8(IncrementalHash hash)
    {
        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        digest[6] = (byte)(digest[6] & 0x0F | 0x80);
        digest[8] = (byte)(digest[8] & 0x3F | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        // The length in front keeps ("ab", "c") and ("a", "bc") apart.
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, text.Length);
        hash.AppendData(length);
        hash.AppendData(Encoding.UTF8.GetBytes(text));
    }

    private static long TimeOf(MessageEnvelope cause)
    {
        if (cause.Id.Version != 7)
        {
            return cause.Time.ToUnixTimeMilliseconds();
        }

        Span<byte> bytes = stackalloc byte[16];
        cause.Id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
    }

    private static Guid Version7(long unixMilliseconds, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt16BigEndian(bytes, (short)(unixMilliseconds >> 32));
        BinaryPrimitives.WriteInt32BigEndian(bytes[2..], (int)unixMilliseconds);
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x70);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
