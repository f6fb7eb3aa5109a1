using System.Buffers;

namespace Messaging.Toolkit.Kafka.Topics;

/// <summary>What names of topics may be.</summary>
internal static class TopicNames
{
    private const int Longest = 249;

    private static readonly SearchValues<char> Allowed = SearchValues.Create(".-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool HasOnlyAllowed(string text) => !text.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>Says what is wrong with a name, or null.</summary>
    public static string? Refuse(string? name) => name switch
    {
        null or "" => "it is empty",
        "." or ".." => "Kafka keeps that name for itself",
        { Length: > Longest } => $"it has {name.Length} characters, the limit is {Longest}",
        _ when !HasOnlyAllowed(name) => "it has characters other than letters, digits, '.', '-' and '_'",
        _ => null,
    };

    /// <summary>A name of the toolkit's, which may have slashes, as Kafka takes it.</summary>
    public static string From(string name) => name.Replace('/', '.');
}
