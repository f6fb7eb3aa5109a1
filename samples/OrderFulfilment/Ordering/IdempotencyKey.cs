using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace OrderFulfilment.Ordering;

/// <summary>
/// The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header): by it a client says that a request is the one it has sent before. A
/// quoted string, or, because many clients send it so, without the quotes.
/// </summary>
public static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>With a customer's name before it, it must fit into the 512 bytes of the toolkit's own.</summary>
    private const int MaxLength = 200;

    /// <summary>The key as it was meant.</summary>
    /// <param name="header">The values of the header; at least one.</param>
    /// <returns>Null if they are not one key.</returns>
    public static string? Read(StringValues header)
    {
        if (header is not [{ } text])
        {
            return null;
        }

        var key = text.StartsWith('"') ? Unquote(text) : text.AsSpan().IndexOfAny(" \",;\\") < 0 ? text : null;
        return key is { Length: > 0 and <= MaxLength } && key.All(character => character is >= ' ' and <= '~') ? key : null;
    }

    /// <summary>
    /// The key as it is known here: customers choose theirs themselves, and one's must not be another's. Where customers log in, that says who they are.
    /// </summary>
    public static string Of(string customer, string key) => $"{customer}/{key}";

    /// <summary>The id of the order that is placed under a key: the same whenever it is placed.</summary>
    public static Guid OrderId(string key)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes("order " + key)).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80); // UUIDv8: what it is made of is the application's business.
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>What is between the quotes of a string of RFC 9651.</summary>
    private static string? Unquote(string text)
    {
        var key = new StringBuilder();
        for (var i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    return i == text.Length - 1 ? key.ToString() : null;
                case '\\' when i + 1 < text.Length && text[i + 1] is '"' or '\\':
                    key.Append(text[++i]);
                    break;
                case '\\':
                    return null;
                default:
                    key.Append(text[i]);
                    break;
            }
        }

        return null;
    }
}
