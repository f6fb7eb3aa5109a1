using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>Every line the core logs. Event ids are stable. No payload, header value or connection string goes in here.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Loop} failed, {Failures} times in a row; it goes on in {Pause}.")]
    public static partial void LoopFailed(this ILogger logger, string loop, int failures, TimeSpan pause, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Messaging started as {Owner}: {Endpoints} endpoints, stores {Stores}, transport {Transport}.")]
    public static partial void Started(this ILogger logger, string owner, int endpoints, string stores, string transport);

    [LoggerMessage(3, LogLevel.Information, "Messaging stopped.")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(4, LogLevel.Warning, "Messaging was not finished when the host's time to stop was over. Unfinished messages are handled after the next start.")]
    public static partial void StoppedEarly(this ILogger logger);

    [LoggerMessage(5, LogLevel.Error, "{Count} published messages were never saved ({Types}): call SaveChanges after Publish or Send, or PublishNowAsync. They are lost.")]
    public static partial void MessagesUnsaved(this ILogger logger, int count, string types);

    [LoggerMessage(6, LogLevel.Debug, "'{Type}' was published but nobody subscribes to it.")]
    public static partial void NoSubscriber(this ILogger logger, string type);

    [LoggerMessage(7, LogLevel.Information, "{Report}")]
    public static partial void Report(this ILogger logger, string report);

    [LoggerMessage(10, LogLevel.Information, "{Store}: this process relays {Count} of {Total} buckets now.")]
    public static partial void LeasesChanged(this ILogger logger, string store, int count, int total);

    [LoggerMessage(11, LogLevel.Warning, "{Store}: {Count} buckets were lost to another process.")]
    public static partial void LeasesLost(this ILogger logger, string store, int count);

    [LoggerMessage(12, LogLevel.Error, "{Store}: message {MessageId} in the outbox cannot be delivered to {Destination} and is in the dead letters now: {Reason}.")]
    public static partial void Undeliverable(this ILogger logger, string store, Guid messageId, string destination, string reason);

    [LoggerMessage(13, LogLevel.Warning, "{Store}: the leases could not be given up; other processes take over after {LeaseDuration}.")]
    public static partial void ReleaseFailed(this ILogger logger, string store, TimeSpan leaseDuration, Exception exception);

    [LoggerMessage(14, LogLevel.Warning, "{Store}: messages wait for '{Destination}', which this application does not know. They are kept: add the endpoint or the transport that it is of, or delete the rows.")]
    public static partial void UnknownDestination(this ILogger logger, string store, string destination);

    [LoggerMessage(15, LogLevel.Warning, "{Store}: rows of messages that were confirmed could not be deleted before the end; whoever takes over may send them again.")]
    public static partial void RowsLeft(this ILogger logger, string store);

    [LoggerMessage(20, LogLevel.Warning, "{Endpoint}: attempt {Attempt} of message {MessageId} ({Type}) failed; it is tried again.")]
    public static partial void AttemptFailed(this ILogger logger, string endpoint, int attempt, Guid messageId, string type, Exception exception);

    [LoggerMessage(21, LogLevel.Warning, "{Endpoint}: the store failed while handling message {MessageId} ({Type}), {Failures} times; it is tried again in {Pause}.")]
    public static partial void StoreFailed(this ILogger logger, string endpoint, Guid messageId, string type, int failures, TimeSpan pause, Exception exception);

    [LoggerMessage(22, LogLevel.Error, "{Endpoint}: message {MessageId} ({Type}) is in the dead letters now, after {Attempts} attempts: {Reason}")]
    public static partial void DeadLettered(this ILogger logger, string endpoint, Guid messageId, string type, int attempts, string reason);

    [LoggerMessage(23, LogLevel.Error, "{Endpoint}: message {MessageId} ({Type}) cannot be written to the dead letters; that is tried again in {Pause}. The message is kept meanwhile.")]
    public static partial void DeadLetterFailed(this ILogger logger, string endpoint, Guid messageId, string type, TimeSpan pause, Exception exception);

    [LoggerMessage(24, LogLevel.Debug, "{Endpoint}: {Count} messages handled together failed; they are handled one by one.")]
    public static partial void GroupFailed(this ILogger logger, string endpoint, int count, Exception exception);

    [LoggerMessage(25, LogLevel.Debug, "{Endpoint}: message {MessageId} ({Type}) was handled before.")]
    public static partial void Duplicate(this ILogger logger, string endpoint, Guid messageId, string type);

    [LoggerMessage(26, LogLevel.Warning, "{Endpoint}: {Count} handled messages could not be settled; they are delivered again and recognized as duplicates.")]
    public static partial void SettlingFailed(this ILogger logger, string endpoint, int count, Exception exception);

    [LoggerMessage(27, LogLevel.Error, "{Endpoint}: handling {Count} messages broke outside of their handlers; they are kept and tried again.")]
    public static partial void AttemptBroke(this ILogger logger, string endpoint, int count, Exception exception);

    [LoggerMessage(28, LogLevel.Information, "{Endpoint}: message {MessageId} ({Type}) is parked after {Attempts} attempts; those of its key wait behind it.")]
    public static partial void Parked(this ILogger logger, string endpoint, Guid messageId, string type, int attempts);

    [LoggerMessage(29, LogLevel.Error, "{Endpoint}: message {MessageId} ({Type}) cannot be parked; that is tried again in {Pause}. The message is kept meanwhile.")]
    public static partial void ParkingFailed(this ILogger logger, string endpoint, Guid messageId, string type, TimeSpan pause, Exception exception);

    [LoggerMessage(30, LogLevel.Warning, "{Endpoint}: {Count} messages of one key are parked, which is the bound; message {MessageId} ({Type}) and its key wait here.")]
    public static partial void KeyFull(this ILogger logger, string endpoint, int count, Guid messageId, string type);

    [LoggerMessage(31, LogLevel.Information, "{Endpoint}: message {MessageId} ({Type}) failed with {Exception}, which is ignored here: it counts as handled.")]
    public static partial void FailureIgnored(this ILogger logger, string endpoint, Guid messageId, string type, string exception);

    [LoggerMessage(32, LogLevel.Information, "{Store}: {Count} dead letters were replayed.")]
    public static partial void Replayed(this ILogger logger, string store, int count);

    [LoggerMessage(33, LogLevel.Warning, "{Endpoint}: the dead letter of message {MessageId} was discarded: {Reason}")]
    public static partial void Discarded(this ILogger logger, string endpoint, Guid messageId, string reason);

    [LoggerMessage(34, LogLevel.Warning, "The transaction of a unit of work that was given up could not be ended without a fault; what is left of it ends with what still runs in it.")]
    public static partial void UnitOfWorkKept(this ILogger logger, Exception exception);

    [LoggerMessage(35, LogLevel.Warning, "{Store}: {Count} messages are parked at endpoint '{Endpoint}', which this process does not have, and what is due there has not been taken for {Overdue}. They are kept: run a process with the endpoint, or delete the rows.")]
    public static partial void EndpointLeft(this ILogger logger, string store, long count, string endpoint, TimeSpan overdue);

    [LoggerMessage(36, LogLevel.Warning, "{Store}: a journal is configured and its database has no table for it, or none that this user may write: nothing is recorded until it has. Add a migration, or grant INSERT and SELECT. Everything else works.")]
    public static partial void JournalMissing(this ILogger logger, string store);

    [LoggerMessage(37, LogLevel.Warning, "{Store}: whether its database has a table for the journal is not known yet: nothing is recorded until it is.")]
    public static partial void JournalUnknown(this ILogger logger, string store, Exception exception);

    [LoggerMessage(38, LogLevel.Warning, "{Endpoint}: another process has taken {Stream} since this one did, in epoch {Epoch}, or its row was deleted. What was begun of it here is rolled back, and handled there.")]
    public static partial void StreamLost(this ILogger logger, string endpoint, string stream, long epoch);

    [LoggerMessage(40, LogLevel.Warning, "{Endpoint}: step '{Step}' of saga {Saga} has failed: {Reason}")]
    public static partial void StepFailed(this ILogger logger, string endpoint, Guid saga, string step, string reason, Exception? exception);

    [LoggerMessage(41, LogLevel.Error, "{Endpoint}: saga {Saga} is stuck: a message '{Type}' of it could not be handled and is in the dead letters.")]
    public static partial void SagaStuck(this ILogger logger, string endpoint, Guid saga, string type);

    [LoggerMessage(42, LogLevel.Error, "{Store}: {Trouble}")]
    public static partial void SagasMisplaced(this ILogger logger, string store, string trouble);

    [LoggerMessage(60, LogLevel.Information, "{Endpoint}: message {MessageId} ({Type}) expired at {ExpiresAt} and was not handled.")]
    public static partial void Expired(this ILogger logger, string endpoint, Guid messageId, string type, DateTimeOffset? expiresAt);

    [LoggerMessage(61, LogLevel.Error, "{Endpoint}: {Failures} of {Attempts} attempts have failed lately. Its circuit is open now: no handler runs for {BreakDuration}, then one message is tried.")]
    public static partial void CircuitOpened(this ILogger logger, string endpoint, int failures, int attempts, TimeSpan breakDuration);

    [LoggerMessage(62, LogLevel.Information, "{Endpoint}: messages are tried one after another to see whether its handlers still fail.")]
    public static partial void CircuitHalfOpen(this ILogger logger, string endpoint);

    [LoggerMessage(63, LogLevel.Information, "{Endpoint}: its handlers succeed again; its circuit, which was open since {OpenSince}, is closed.")]
    public static partial void CircuitClosed(this ILogger logger, string endpoint, DateTimeOffset? openSince);

    [LoggerMessage(64, LogLevel.Error, "{Endpoint}: its rate limiter fails; nothing is handled until it works.")]
    public static partial void RateLimiterFailed(this ILogger logger, string endpoint, Exception exception);

    [LoggerMessage(65, LogLevel.Warning, "{Endpoint}: whether message {MessageId} ({Type}) is urgent cannot be told; it is handled in its turn.")]
    public static partial void UrgencyUnknown(this ILogger logger, string endpoint, Guid messageId, string type, Exception exception);

    [LoggerMessage(43, LogLevel.Warning, "Step '{Step}' of saga {Saga} does not listen to its cancellation token and was left behind: it is rolled back, and runs on with what it holds. {Count} are left behind now.")]
    public static partial void ActivityLeftBehind(this ILogger logger, string step, Guid saga, int count);

    [LoggerMessage(44, LogLevel.Error, "Step '{Step}' of saga {Saga} does not listen to its cancellation token, and {Count} activities, as many as may be (Sagas.MaxLeftBehind), are left behind: its message waits until it has ended.")]
    public static partial void ActivityAwaited(this ILogger logger, string step, Guid saga, int count);

    [LoggerMessage(45, LogLevel.Warning, "Step '{Step}' of saga {Saga}, which was left behind, has ended after {Time}.")]
    public static partial void ActivityEnded(this ILogger logger, string step, Guid saga, TimeSpan time, Exception? exception);

    [LoggerMessage(46, LogLevel.Warning, "{Store}: instances of {Definitions} were last run by the same version of another shape. They go on with this one, as far as it has what they depend on: what is more than new steps behind those where they stand needs a new Version.")]
    public static partial void SagaShapesChanged(this ILogger logger, string store, string definitions);

    [LoggerMessage(80, LogLevel.Warning, "Something that listens to the metrics or traces of messaging fails: what it should have heard is missing there. Messages are handled all the same. This is said once.")]
    public static partial void ListenerFailed(this ILogger logger, Exception exception);
}
