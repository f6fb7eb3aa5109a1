namespace Messaging.Toolkit.Diagnostics.Tracing;

/// <summary>
/// The attributes of spans and metrics: those of OpenTelemetry's conventions for messaging, and the toolkit's own. None has a value of a message's key, headers or body.
/// </summary>
internal static class TagNames
{
    public const string System = "messaging.system";
    public const string Operation = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string Destination = "messaging.destination.name";
    public const string Group = "messaging.consumer.group.name";
    public const string BatchCount = "messaging.batch.message_count";
    public const string ErrorType = "error.type";

    /// <summary>Only on spans, as all ids.</summary>
    public const string MessageId = "messaging.message.id";

    /// <inheritdoc cref="MessageId"/>
    public const string ConversationId = "messaging.message.conversation_id";

    public const string MessageType = "messaging.toolkit.message.type";
    public const string Attempt = "messaging.toolkit.attempt";
    public const string Outcome = "messaging.toolkit.outcome";
    public const string Endpoint = "messaging.toolkit.endpoint";
    public const string Store = "messaging.toolkit.store";
    public const string Saga = "messaging.toolkit.saga";
    public const string SagaStatus = "messaging.toolkit.saga.status";
}
