using System.Globalization;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.DeadLetters;

/// <summary>The headers that the copy of a dead letter has beside those of the message.</summary>
public static class DeadLetterHeaders
{
    /// <summary>The endpoint that could not handle it.</summary>
    public const string Endpoint = "dead-letter-endpoint";

    /// <summary>Why, in a sentence.</summary>
    public const string Reason = "dead-letter-reason";

    /// <summary>The class of the exception behind it, with its namespace. Missing if there was none.</summary>
    public const string ExceptionType = "dead-letter-exception-type";

    /// <summary>How often it was tried.</summary>
    public const string Attempts = "dead-letter-attempts";

    /// <summary>Those of a message and of what has become of it. Older ones, of a message that was taken from a copy, give way.</summary>
    internal static IReadOnlyDictionary<string, string> Of(MessageEnvelope message, DeadLetter letter)
    {
        var headers = new Dictionary<string, string>(message.Headers, StringComparer.Ordinal)
        {
            [Endpoint] = letter.Endpoint,
            [Reason] = letter.Reason,
            [Attempts] = letter.Attempts.ToString(CultureInfo.InvariantCulture),
        };
        headers.Remove(ExceptionType);
        if (letter.ExceptionType is { } exception)
        {
            headers[ExceptionType] = exception;
        }

        return headers;
    }
}
