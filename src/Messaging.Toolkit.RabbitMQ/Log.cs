using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.RabbitMQ;

/// <summary>Every line that the transport logs. Event ids are stable. No payload, header value or password goes in here.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Warning, "RabbitMQ takes no messages at the moment ({Reason}). They wait in the outbox.")]
    public static partial void Blocked(this ILogger logger, string reason);

    [LoggerMessage(101, LogLevel.Information, "RabbitMQ takes messages again.")]
    public static partial void Unblocked(this ILogger logger);
}
