using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.RabbitMQ;

/// <summary>Every line that the transport logs. Event ids are stable. No payload, header value or password goes in here.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Warning, "RabbitMQ takes no messages at the moment ({Reason}). They wait in the outbox.")]
    public static partial void Blocked(this ILogger logger, string reason);

    [LoggerMessage(101, LogLevel.Information, "RabbitMQ takes messages again.")]
    public static partial void Unblocked(this ILogger logger);

    [LoggerMessage(102, LogLevel.Error, "MapForeign failed for the message {MessageId} of endpoint {Endpoint}: it goes to the dead letters. Replay it from there when MapForeign can read it.")]
    public static partial void NotMapped(this ILogger logger, Guid messageId, string endpoint, Exception exception);

    [LoggerMessage(103, LogLevel.Warning, "The consumer of the queue {Queue} has ended, and begins again: {Reason}")]
    public static partial void ConsumerEnded(this ILogger logger, string queue, string reason);

    [LoggerMessage(104, LogLevel.Warning, "A queue of the endpoint {Endpoint} is in RabbitMQ already, and not as it is configured here. Messages are sent to it as it is; the endpoint receives nothing before that is mended.")]
    public static partial void NotDeclared(this ILogger logger, string endpoint, Exception exception);
}
