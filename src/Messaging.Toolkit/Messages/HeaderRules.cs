using System.Buffers;

namespace Messaging.Toolkit.Messages;

/// <summary>What the application's own headers may be, so that every transport can carry them unchanged.</summary>
internal static class HeaderRules
{
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly string[] ReservedPrefixes = ["ce_", "ce-", "cloudEvents"];
    private static readonly string[] ReservedNames = ["traceparent", "tracestate", "baggage", "content-type", "content-encoding"];

    /// <summary>Says what is wrong with the headers, or null.</summary>
    public static string? Refuse(IReadOnlyDictionary<string, string> headers, MessageLimits limits)
    {
        if (headers.Count > limits.MaxHeaderCount)
        {
            return $"it has {headers.Count} headers, the limit is {limits.MaxHeaderCount} (Limits.MaxHeaderCount)";
        }

        var length = 0;
        foreach (var (name, value) in headers)
        {
            if (RefuseName(name) is { } reason)
            {
                return reason;
            }

            if (value is null || value.AsSpan().ContainsAnyInRange('\0', '\u001F') || !UnicodeText.IsValid(value))
            {
                return $"the value of header '{name}' is null, contains a control character such as CR or LF, or is not valid Unicode";
            }

            length += name.Length + value.Length;
        }

        return length <= limits.MaxHeaderLength
            ? null
            : $"its headers have {length} characters, the limit is {limits.MaxHeaderLength} (Limits.MaxHeaderLength)";
    }

    private static string? RefuseName(string name)
    {
        if (name.Length is 0 or > 128 || name.AsSpan().ContainsAnyExcept(TokenCharacters))
        {
            return "a header name is empty, longer than 128 characters, or contains characters other than letters, digits and !#$%&'*+-.^_`|~";
        }

        var reserved = ReservedNames.Contains(name, StringComparer.OrdinalIgnoreCase)
                       || ReservedPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
        return reserved ? $"the header name '{name}' is reserved: choose one of your own" : null;
    }
}
