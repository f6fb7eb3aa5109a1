using System.Collections.ObjectModel;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Scheduling;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// Makes envelopes of what the application publishes: serialized, addressed and checked here and now, so that what is
/// wrong with a message fails in the caller's hands and never later in the relay.
/// </summary>
internal sealed class OutgoingMessages(
    MessagingModel model, Destinations destinations, MessageIds ids, CreateSpans spans, JournalEntries journal, TimeProvider time, ILogger<OutgoingMessages> logger)
{
    private readonly SafeLogger logger = new(logger);

    /// <summary>What is said of messages in the journal.</summary>
    public JournalEntries Journal => journal;

    /// <summary>One entry per destination; the same message id in each.</summary>
    public IReadOnlyList<OutgoingMessage> Create(object message, MessageKind kind, Action<PublishOptions>? configure, MessageContext? cause, Addressing? addressing = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        var type = model.Registry.Get(message.GetType(), kind);
        var draft = new Draft(message, type, addressing ?? Addressing.None);
        return ToAll(CreateEnvelope(draft, configure, cause?.Envelope, () => NewId(draft, cause), out var schedule), type, schedule, cause?.Endpoint);
    }

    /// <summary>
    /// As <see cref="Create"/>, for a message of either kind that leaves by itself. Its id is its own: derived from its cause, it
    /// could take the place of one that commits with it.
    /// </summary>
    public IReadOnlyList<OutgoingMessage> CreateImmediate(object message, Action<PublishOptions>? configure, MessageContext? cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var type = model.Registry.Get(message.GetType());
        return ToAll(CreateEnvelope(new Draft(message, type, Addressing.None), configure, cause?.Envelope, ids.New, out var schedule), type, schedule, cause?.Endpoint);
    }

    /// <summary>The message of a recurring schedule's tick. Its id follows from the tick: sent again, it is a duplicate.</summary>
    public IReadOnlyList<OutgoingMessage> CreateForTick(object message, string schedule, DateTime tick)
    {
        ArgumentNullException.ThrowIfNull(message);
        var type = model.Registry.Get(message.GetType());
        return ToAll(CreateEnvelope(new Draft(message, type, Addressing.None), configure: null, cause: null, () => MessageIds.OfTick(schedule, tick), out _), type, schedule: null, by: null);
    }

    /// <summary>A message of any type for one endpoint, here or in another application, and for nobody else.</summary>
    public IReadOnlyList<OutgoingMessage> CreateFor(string endpoint, object message, Addressing addressing, Action<PublishOptions>? configure, MessageContext? cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var draft = new Draft(message, model.Registry.Get(message.GetType()), addressing, endpoint);
        return ToOne(CreateEnvelope(draft, configure, cause?.Envelope, () => NewId(draft, cause), out var schedule), addressing.Via, schedule, cause?.Endpoint);
    }

    /// <summary>A message that has been received before and is to be handled now, by one endpoint: the same but for its id, as that one counts as handled.</summary>
    public IReadOnlyList<OutgoingMessage> CreateAgain(MessageEnvelope received, string endpoint, Addressing addressing, MessageContext? cause)
        => ToOne(new MessageEnvelope
        {
            Id = NewId(received.Type, cause),
            Type = received.Type,
            Source = received.Source,
            Time = received.Time,
            ContentType = received.ContentType,
            Key = addressing.Key ?? received.Key,
            ConversationId = received.ConversationId,
            CausationId = received.Id,
            CorrelationId = received.CorrelationId,
            TraceParent = received.TraceParent,
            TraceState = received.TraceState,
            Recipient = endpoint,
            ReplyTo = received.ReplyTo,
            InReplyTo = addressing.InReplyTo,
            ExpiresAt = received.ExpiresAt,
            IdempotencyKey = received.IdempotencyKey,
            PublishedAt = journal.NextTime(),
            Headers = received.Headers,
            Body = received.Body,
        }, addressing.Via, schedule: null, cause?.Endpoint);

    /// <summary>The reply to whoever waits at the address.</summary>
    public IReadOnlyList<OutgoingMessage> CreateReply(object message, ReplyAddress to, Action<PublishOptions>? configure, MessageContext? cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(to);
        var type = model.Registry.Get(message.GetType());
        if (type.Kind == MessageKind.Command)
        {
            throw new MessagingException($"'{type.Name}' is registered as a command and cannot be a reply: reply with an event, which says what has happened.");
        }

        if (to.Refuse() is { } reason)
        {
            throw Refused(type, reason);
        }

        if (to.Via is { } via && !destinations.Knows(via))
        {
            throw Refused(type, $"there is no transport {Names.Show(via)}, over which the reply was to go: register it under that name, or reply to the address with another Via");
        }

        // Who wants no more than to hear that it is done may not know the type.
        var reply = CreateFor(to.Endpoint, to.Acknowledge ? new Answer(Handled: true, Reason: null) : message, new Addressing { Key = to.Key, InReplyTo = to.Request, Via = to.Via }, configure, cause);
        cause?.NoteReply(to);
        return reply;
    }

    /// <summary>
    /// What tells the asker that his message was given up; nothing if there is none. Its id follows from the message and the place
    /// where it was given up: told again, it is a duplicate.
    /// </summary>
    public IReadOnlyList<OutgoingMessage> CreateNotice(MessageEnvelope message, string place, string reason)
    {
        if (message.ReplyTo is not { } asker)
        {
            return [];
        }

        var answer = new Answer(Handled: false, reason);
        var notice = new Draft(answer, model.Registry.Get(typeof(Answer)), new Addressing { Key = asker.Key, InReplyTo = asker.Request, Via = asker.Via }, asker.Endpoint);
        return ToOne(CreateEnvelope(notice, configure: null, cause: message, () => MessageIds.Derive(message, place, 0, Answer.Name), out _), asker.Via, schedule: null, place);
    }

    /// <summary>
    /// The copy of a dead letter for where its transport keeps such; nothing if there is no such place. It is the message itself, with headers that say what has become of
    /// it, and it is written with the letter: what is in the one place is, or comes, in the other. Letters take anything, the outbox does not: what it could not store has no copy.
    /// </summary>
    public IReadOnlyList<OutgoingMessage> CreateCopy(MessageEnvelope message, DeadLetter letter)
        => destinations.OfDeadLetters(letter.Endpoint) is { } destination && IsStorable(message) ? [new OutgoingMessage(message.With(DeadLetterHeaders.Of(message, letter)), destination, BucketOf(message))] : [];

    private static bool IsStorable(MessageEnvelope foreign)
        => foreign.Type.Length <= MessageLimits.MaxNameLength && UnicodeText.IsValid(foreign.Type) && !foreign.Type.Contains('\0') && (foreign.Key is null || MessageKeys.Refuse(foreign.Key) is null);

    private Guid NewId(Draft draft, MessageContext? cause)
        => draft.Addressing.Id ?? NewId(draft.Type.Name, cause);

    /// <summary>An id for something that is sent or begun: because of a message, it is derived from that.</summary>
    public Guid NewId(string purpose, MessageContext? cause)
        => cause is null ? ids.New() : MessageIds.Derive(cause.Envelope, cause.Endpoint, cause.NextChild(), purpose);

    private OutgoingMessage[] ToAll(MessageEnvelope envelope, MessageType type, Schedule? schedule, string? by)
    {
        var targets = destinations.Of(type);
        if (targets.Count == 0)
        {
            logger.NoSubscriber(type.Name);
        }

        return [.. targets.Select((destination, index) => new OutgoingMessage(envelope, destination, BucketOf(envelope)) { Schedule = schedule, Entry = index == 0 ? journal.Published(envelope, by) : null })];
    }

    private OutgoingMessage[] ToOne(MessageEnvelope envelope, string? via, Schedule? schedule, string? by)
        => [new OutgoingMessage(envelope, destinations.Of(envelope.Recipient!, via), BucketOf(envelope)) { Schedule = schedule, Entry = journal.Published(envelope, by) }];

    private static int BucketOf(MessageEnvelope envelope) => envelope.Key is { } key
        ? MessageKeys.Bucket(key, OutboxOptions.Buckets)
        : MessageKeys.Bucket(envelope.Id, OutboxOptions.Buckets);

    private MessageEnvelope CreateEnvelope(Draft draft, Action<PublishOptions>? configure, MessageEnvelope? cause, Func<Guid> newId, out Schedule? schedule)
    {
        var (message, type, addressing, recipient) = draft;
        var started = MessagingTracer.IsListened ? time.GetUtcNow() : default;
        var options = new PublishOptions();
        configure?.Invoke(options);
        schedule = options.Schedule;
        if (schedule is not null && (schedule.Refuse() ?? RefuseToWait(addressing)) is { } wrongSchedule)
        {
            throw Refused(type, wrongSchedule);
        }

        var key = addressing.Key ?? options.Key ?? KeyOf(message, type);
        if (Refuse(key, options) is { } reason)
        {
            throw Refused(type, reason);
        }

        if ((RefuseExpiry(options, addressing) ?? RefuseIdempotencyKey(options, addressing)) is { } wrongOption)
        {
            throw Refused(type, wrongOption);
        }

        if (Refuse(addressing, recipient) is { } wrongAddress)
        {
            throw Refused(type, wrongAddress);
        }

        var body = Serialize(message, type);
        var id = options.IdempotencyKey is { } idempotencyKey && addressing.Id is null ? MessageIds.OfIdempotencyKey(model.Source, type.Name, idempotencyKey) : newId();
        var now = time.GetUtcNow();
        var envelope = new MessageEnvelope
        {
            Id = id,
            Type = type.Name,
            Source = model.Source,
            Time = now,
            ContentType = type.Serializer.ContentType,
            Key = key,
            ConversationId = cause?.ConversationId ?? id,
            CausationId = cause?.Id,
            CorrelationId = options.CorrelationId ?? cause?.CorrelationId,
            Recipient = recipient,
            ReplyTo = addressing.ReplyTo,
            InReplyTo = addressing.InReplyTo,
            ExpiresAt = addressing.InReplyTo is null ? options.ExpiresAt ?? now + (options.Lifetime ?? type.Lifetime) : null,
            IdempotencyKey = options.IdempotencyKey,
            PublishedAt = journal.NextTime(),
            Headers = options.HeadersOrNull ?? ReadOnlyDictionary<string, string>.Empty,
            Body = body,
        };
        envelope.Trace(MessagingTracer.IsListened ? spans.Note(envelope, destinations.SystemOf(type, recipient, addressing.Via), started, cause) : CreateSpans.Ambient(cause));
        return envelope;
    }

    private string? Refuse(string? key, PublishOptions options)
    {
        if (key is not null && MessageKeys.Refuse(key) is { } reason)
        {
            return reason;
        }

        if (options.CorrelationId is { Length: > MessageLimits.MaxNameLength })
        {
            return $"its correlation id has {options.CorrelationId.Length} characters, the limit is {MessageLimits.MaxNameLength}";
        }

        if (options.CorrelationId is { } correlationId && !UnicodeText.IsValid(correlationId))
        {
            return "its correlation id is not valid Unicode (a lone surrogate)";
        }

        return options.HeadersOrNull is { } headers ? HeaderRules.Refuse(headers, model.Limits) : null;
    }

    /// <summary>Whoever asked waits, and would never hear anything if it were cancelled.</summary>
    private static string? RefuseToWait(Addressing addressing)
        => addressing.InReplyTo is null ? null : "a reply leaves at once: schedule a message to yourself, and reply when it comes";

    private static string? RefuseExpiry(PublishOptions options, Addressing addressing)
    {
        if (options.ExpiresAt is null && options.Lifetime is null)
        {
            return null;
        }

        if (addressing.InReplyTo is not null)
        {
            return "a reply cannot expire: who has asked for it would wait for ever";
        }

        return options.Lifetime is not { } lifetime ? Expiry.Refuse(options.ExpiresAt!.Value)
            : Expiry.Refuse(lifetime) is { } reason ? $"its ExpiresAfter is {lifetime}: {reason}" : null;
    }

    private static string? RefuseIdempotencyKey(PublishOptions options, Addressing addressing) => options.IdempotencyKey switch
    {
        null => null,
        _ when addressing.InReplyTo is not null => "a reply cannot have an idempotency key: it is the one to its request",
        var key => MessageKeys.RefuseIdempotencyKey(key),
    };

    private static string? Refuse(Addressing addressing, string? recipient)
    {
        if (recipient is not null && Names.Refuse(recipient) is { } reason)
        {
            return $"its recipient cannot be an endpoint: {reason}";
        }

        return addressing.ReplyTo?.Refuse() ?? (addressing.InReplyTo is { } request ? ReplyAddress.RefuseRequest(request) : null);
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
        using var buffer = new BoundedBufferWriter(type.IsInternal ? int.MaxValue : model.Limits.MaxBodyBytes);
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

    /// <summary>A message before it is an envelope.</summary>
    private readonly record struct Draft(object Message, MessageType Type, Addressing Addressing, string? Recipient = null);
}
