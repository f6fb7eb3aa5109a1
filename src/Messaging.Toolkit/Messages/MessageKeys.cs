using System.Buffers;
using System.Text;

namespace Messaging.Toolkit.Messages;

/// <summary>Ordering keys: what one may be, and which bucket it falls into.</summary>
internal static class MessageKeys
{
    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(code => (char)code), '\u007F']);

    /// <summary>Says what is wrong with a key, or null. The key itself is not repeated: it may be personal data.</summary>
    public static string? Refuse(string key) => Refuse(key, "the key", "return null for a message that needs no order");

    /// <summary>Says what is wrong with an idempotency key, or null. It may be a secret as well.</summary>
    public static string? RefuseIdempotencyKey(string key) => Refuse(key, "the idempotency key", "leave it out for a message of its own");

    private static string? Refuse(string key, string name, string insteadOfEmpty)
    {
        if (key.Length == 0)
        {
            return $"{name} is empty: {insteadOfEmpty}";
        }

        if (key.AsSpan().ContainsAny(ControlCharacters))
        {
            return $"{name} contains a control character";
        }

        if (!UnicodeText.IsValid(key))
        {
            return $"{name} is not valid Unicode (a lone surrogate)";
        }

        var length = Encoding.UTF8.GetByteCount(key);
        return length <= MessageLimits.MaxKeyBytes
            ? null
            : $"{name} has {length} bytes, the limit is {MessageLimits.MaxKeyBytes}: use an id or a hash";
    }

    /// <summary>
    /// The bucket of a key: FNV-1a over its UTF-8 bytes, spread by the finalizer of MurmurHash3. It is part of the
    /// stored format: every version and every process must come to the same number.
    /// </summary>
    public static int Bucket(string key, int buckets)
    {
        Span<byte> bytes = stackalloc byte[MessageLimits.MaxKeyBytes];
        var length = Encoding.UTF8.GetBytes(key, bytes);
        return Bucket(bytes[..length], buckets);
    }

    /// <summary>The bucket of a message without a key: any, but the same in every attempt.</summary>
    public static int Bucket(Guid messageId, int buckets)
    {
        Span<byte> bytes = stackalloc byte[16];
        messageId.TryWriteBytes(bytes, bigEndian: true, out _);
        return Bucket(bytes, buckets);
    }

    private static int Bucket(ReadOnlySpan<byte> bytes, int buckets)
    {
        var hash = 14695981039346656037UL;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 1099511628211UL;
        }

        hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53UL;
        return (int)((hash ^ hash >> 33) % (uint)buckets);
    }
}
