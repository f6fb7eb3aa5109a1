using System.Collections.Frozen;
using System.Collections.ObjectModel;
using System.Diagnostics;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// Makes envelopes of what the application publishes: serialized, addressed and checked here and now, so that what is
/// wrong with a message fails in the caller's hands and never later in the relay.
/// </summary>
internal sealed class OutgoingMessages
{
    private readonly MessagingModel model;
    private readonly MessageIds ids;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly FrozenDictionary<Type, IReadOnlyList<string>> destinations;

    public OutgoingMessages(MessagingModel model, ITransport transport, MessageIds ids, TimeProvider time, ILogger<OutgoingMessages> logger)
    {
        this.model = model;
        this.ids = ids;
        this.time = time;
        this.logger = logger;
        destinations = model.Registry.Types.ToFrozenDictionary(
            type => type.ClrType,
            type => transport.GetDestinations(type, model.SubscribersOf(type)));
    }

    /// <summary>One entry per destination; the same message id in each.</summary>
    public IReadOnlyList<OutgoingMessage> Create(object message, MessageKind kind, Action<PublishOptions>? configure, MessageContext? cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var type = model.Registry.Get(message.GetType(), kind);
        return Create(message, type, configure, cause, () => cause is null ? ids.New() : MessageIds.Derive(cause.Envelope, cause.Endpoint, cause.NextChild(), type.Name));
    }

    /// <summary>
    /// As <see cref="Create(object, MessageKind, Action{PublishOptions}?, MessageContext?)"/>, for a message of either kind that
    /// leaves by itself. Its id is its own: derived from its cause, it could take the place of one that commits with it.
    /// </summary>
    public IReadOnlyList<OutgoingMessage> CreateImmediate(object message, Action<PublishOptions>? configure, MessageContext? cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Create(message, model.Registry.Get(message.GetType()), configure, cause, ids.New);
    }

    private OutgoingMessage[] Create(object message, MessageType type, Action<PublishOptions>? configure, MessageContext? cause, Func<Guid> newId)
    {
        var options = new PublishOptions();
        configure?.Invoke(options);

        var envelope = CreateEnvelope(message, type, options, cause, newId);
        var bucket = envelope.Key is { } key
            ? MessageKeys.Bucket(key, OutboxOptions.Buckets)
            : MessageKeys.Bucket(envelope.Id, OutboxOptions.Buckets);
        var targets = destinations[type.ClrType];
        if (targets.Count == 0)
        {
            logger.NoSubscriber(type.Name);
        }

        return [.. targets.Select(destination => new OutgoingMessage(envelope, destination, bucket))];
    }

    private MessageEnvelope CreateEnvelope(object message, MessageType type, PublishOptions options, MessageContext? cause, Func<Guid> newId)
    {
        var key = options.Key ?? KeyOf(message, type);
        if (key is not null && MessageKeys.Refuse(key) is { } keyReason)
        {
            throw Refused(type, keyReason);
        }

        if (options.CorrelationId is { Length: > MessageLimits.MaxNameLength })
        {
            throw Refused(type, $"its correlation id has {options.CorrelationId.Length} characters, the limit is {MessageLimits.MaxNameLength}");
        }

        if (options.CorrelationId is { } correlationId && !UnicodeText.IsValid(correlationId))
        {
            throw Refused(type, "its correlation id is not valid Unicode (a lone surrogate)");
        }

        var headers = options.HeadersOrNull;
        if (headers is not null && HeaderRules.Refuse(headers, model.Limits) is { } headerReason)
        {
            throw Refused(type, headerReason);
        }

        var body = Serialize(message, type);
        var id = newId();
        return new MessageEnvelope
        {
            Id = id,
            Type = type.Name,
            Source = model.Source,
            Time = time.GetUtcNow(),
            ContentType = type.Serializer.ContentType,
            Key = key,
            ConversationId = cause?.ConversationId ?? id,
            CausationId = cause?.MessageId,
            CorrelationId = options.CorrelationId ?? cause?.CorrelationId,
            TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : cause?.Envelope.TraceParent,
            TraceState = Activity.Current?.TraceStateString ?? cause?.Envelope.TraceState,
            Headers = headers ?? ReadOnlyDictionary<string, string>.Empty,
            Body = body,
        };
    }

    private static string? KeyOf(object message, MessageType type)
    {
        try
        {
            return type.Key?.Invoke(message);
        }
        catch (Exception exception)
        {
            throw new MessagingException($"'{type.Name}' cannot be published: the key given by KeyedBy threw {exception.GetType().Name}.", exception);
        }
    }

    private byte[] Serialize(object message, MessageType type)
    {
        using var buffer = new BoundedBufferWriter(model.Limits.MaxBodyBytes);
        try
        {
            type.Serializer.Serialize(message, type.ClrType, buffer);
        }
        catch (MessagingException tooLarge)
        {
            throw Refused(type, tooLarge.Message);
        }
        catch (Exception exception)
        {
            throw new MessagingException(
                $"'{type.Name}' cannot be published: it cannot be serialized ({exception.GetType().Name}). " +
                "Messages are plain data: no cycles, no depth over the serializer's limit, no types it does not know.", exception);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static MessagingException Refused(MessageType type, string reason) => new($"'{type.Name}' cannot be published: {reason}.");
}
