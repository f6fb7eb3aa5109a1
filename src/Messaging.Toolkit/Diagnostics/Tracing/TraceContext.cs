using System.Diagnostics;

namespace Messaging.Toolkit.Diagnostics.Tracing;

/// <summary>
/// The W3C trace context of a message. What comes from outside may be anything: what is not a context is dropped where it comes in, so that nobody passes it on.
/// </summary>
internal static class TraceContext
{
    /// <summary>Of version 00, the only one that there is. A longer one of a later version is dropped: what is behind could not be passed on with another span.</summary>
    private const int Length = 55;

    /// <summary>More need not be passed on, says the specification.</summary>
    private const int MaxStateLength = 512;

    /// <summary>What of both can be kept. Without a valid parent the state means nothing.</summary>
    public static (string? Parent, string? State) Keep(string? parent, string? state)
        => IsValid(parent) ? (parent, IsValidState(state) ? state : null) : (null, null);

    /// <summary>Version, trace, span and flags, none of the ids zero.</summary>
    public static bool IsValid(ReadOnlySpan<char> parent)
        => parent.Length == Length && parent[2] == '-' && parent[35] == '-' && parent[52] == '-'
           && IsHex(parent[..2]) && parent[..2] is not "ff"
           && IsId(parent[3..35]) && IsId(parent[36..52]) && IsHex(parent[53..]);

    public static bool TryParse(string? parent, string? state, out ActivityContext context)
    {
        context = default;
        return IsValid(parent) && ActivityContext.TryParse(parent, state, isRemote: true, out context);
    }

    private static bool IsValidState(string? state)
    {
        if (state is not { Length: > 0 and <= MaxStateLength })
        {
            return false;
        }

        foreach (var character in state)
        {
            if (character is < ' ' or > '~')
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsId(ReadOnlySpan<char> text) => IsHex(text) && text.TrimStart('0').Length > 0;

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiHexDigitLower(character))
            {
                return false;
            }
        }

        return true;
    }
}
