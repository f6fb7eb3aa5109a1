using System.Text;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>Texts that were written for people and may hold anything: a failure's message, say.</summary>
internal static class StorableText
{
    /// <summary>The longest reason of an instance, and the longest detail of its history, in characters.</summary>
    public const int MaxReasonLength = 500;

    /// <summary>What no column of text can hold is replaced: a character in a failure must not keep its message from the dead letters.</summary>
    public static string? From(string? text)
        => text is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');

    /// <summary>As <see cref="From"/>, and cut to what a reason may have.</summary>
    public static string? Reason(string? text) => Cut(text, MaxReasonLength);

    /// <summary>As <see cref="From"/>, and cut to what a name may have: it may come from anybody.</summary>
    public static string? Name(string? text) => Cut(text, MessageLimits.MaxNameLength);

    private static string? Cut(string? text, int most) => From(text is { Length: var length } && length > most ? text[..most] : text);
}
