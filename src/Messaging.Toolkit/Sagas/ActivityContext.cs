using System.Globalization;

namespace Messaging.Toolkit.Sagas;

/// <summary>What an activity has to know of its instance. Lives as long as the activity runs.</summary>
public sealed class ActivityContext
{
    private readonly string requestName;

    internal ActivityContext(Guid sagaId, string step, string requestName, int attempt, bool isCompensation, string? reason, MessageContext message)
    {
        this.requestName = requestName;
        SagaId = sagaId;
        Step = step;
        Attempt = attempt;
        IsCompensation = isCompensation;
        Reason = reason;
        Message = message;
    }

    /// <summary>The id of the instance.</summary>
    public Guid SagaId { get; }

    /// <summary>The name of the step.</summary>
    public string Step { get; }

    /// <summary>Which attempt it is, from 1; those that the endpoint makes by itself because of an exception are not counted.</summary>
    public int Attempt { get; }

    /// <summary>Whether the step is being undone.</summary>
    public bool IsCompensation { get; }

    /// <summary>Why the saga is being undone; null if it is not.</summary>
    public string? Reason { get; }

    /// <summary>The message that is being handled, and with it the correlation id and the conversation.</summary>
    public MessageContext Message { get; }

    /// <summary>The same for all attempts at this step, whatever a later version calls it, and for no other: what to give to a service that asks for an idempotency key.</summary>
    public string IdempotencyKey => string.Create(CultureInfo.InvariantCulture, $"{SagaId:N}/{requestName}{(IsCompensation ? "/undo" : "")}");

    /// <inheritdoc cref="IMessageBus.Publish"/>
    public void Publish(object message, Action<PublishOptions>? configure = null) => Message.Publish(message, configure);

    /// <inheritdoc cref="IMessageBus.Send"/>
    public void Send(object message, Action<PublishOptions>? configure = null) => Message.Send(message, configure);
}
