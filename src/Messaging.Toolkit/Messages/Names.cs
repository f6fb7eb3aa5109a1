using System.Buffers;

namespace Messaging.Toolkit.Messages;

/// <summary>What names of messages and endpoints may be: what every broker and every database takes unchanged.</summary>
internal static class Names
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create(".-_/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Says what is wrong with a name, or null.</summary>
    public static string? Refuse(string? name) => name switch
    {
        null or "" => "it is empty",
        { Length: > MessageLimits.MaxNameLength } => $"it has {name.Length} characters, the limit is {MessageLimits.MaxNameLength}",
        _ when !HasOnlyAllowed(name) => "it has characters other than letters, digits, '.', '-', '_' and '/'",
        _ => null,
    };

    /// <summary>Whether all characters may be part of a name.</summary>
    public static bool HasOnlyAllowed(string text) => !text.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>The name as it may be shown in an error: never more than a line.</summary>
    public static string Show(string? name) => name is { Length: > 60 } ? $"'{name[..60]}…'" : $"'{name}'";
}
