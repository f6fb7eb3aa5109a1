using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka;

/// <summary>Every line that the transport logs. Event ids are stable. No payload, header value or password goes in here.</summary>
internal static partial class Log
{
    [LoggerMessage(200, LogLevel.Warning, "The topic {Topic} cannot be used: {Reason}. What is sent to it goes to the dead letters; the other topics are sent to all the same.")]
    public static partial void TopicMissing(this ILogger logger, string topic, string reason);

    [LoggerMessage(201, LogLevel.Error, "{Option} failed for the message {MessageId} of endpoint {Endpoint}: it goes to the dead letters. Replay it from there when {Option} can read it.")]
    public static partial void NotMapped(this ILogger logger, string option, Guid messageId, string endpoint, Exception exception);

    [LoggerMessage(202, LogLevel.Information, "{Group} has {Count} partitions more: {Partitions}.")]
    public static partial void Assigned(this ILogger logger, string group, int count, string partitions);

    [LoggerMessage(203, LogLevel.Information, "{Group} gives up {Count} partitions: {Partitions}.")]
    public static partial void Revoked(this ILogger logger, string group, int count, string partitions);

    [LoggerMessage(204, LogLevel.Warning, "{Group} has lost {Count} partitions: {Partitions}. Others handle them already; what was received of them comes to them too, and its claims make it a duplicate.")]
    public static partial void Lost(this ILogger logger, string group, int count, string partitions);

    [LoggerMessage(205, LogLevel.Debug, "The client {Client} says: {Facility} {Text}")]
    public static partial void ClientSays(this ILogger logger, string client, string facility, string text);

    [LoggerMessage(206, LogLevel.Warning, "{Group} gives up a partition before {Count} messages of it are settled: they come again elsewhere, and their claims make them duplicates. RevocationPatience says how long it waits.")]
    public static partial void NotDrained(this ILogger logger, string group, int count);

    [LoggerMessage(207, LogLevel.Warning, "{Group} has {Count} partitions whose positions could not be taken in the database, and receives nothing of them. It goes on with the others, and tries again with all in {Pause}.")]
    public static partial void NotTaken(this ILogger logger, string group, int count, TimeSpan pause, Exception exception);

    [LoggerMessage(208, LogLevel.Warning, "{Group} is further in {Partition} than that goes, and begins at offset {Offset}: the topic was made anew, or the brokers have lost its end. What comes is handled unless its id is still remembered.")]
    public static partial void BeginsBelow(this ILogger logger, string group, string partition, long offset);

    [LoggerMessage(209, LogLevel.Information, "{Endpoint} goes on without OffsetsInDatabase, where its group is in Kafka: its {Count} positions in the database were deleted.")]
    public static partial void PositionsDeleted(this ILogger logger, string endpoint, int count);

    [LoggerMessage(210, LogLevel.Warning, "{Endpoint} goes on without OffsetsInDatabase, but its {Count} positions in the database could not be deleted. Delete them from the tables stream and stream_ids before the option is set again, or all since then is handled again.")]
    public static partial void PositionsStay(this ILogger logger, string endpoint, int count, Exception exception);
}
