using System.Collections.Frozen;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// One attempt at a delivery, from bytes to verdict. Messages that are quick share one transaction; if anything goes wrong
/// in it, it is rolled back and each has the next one to itself. What is done about a handler that fails is the judge's to say: its
/// message is tried again at once, or parked, or goes to the dead letters. A message that has one of its key parked before it is parked
/// behind that. When it is the store that fails, the message waits until it has recovered. Nothing but the end of the host makes the
/// endpoint give a message back.
/// </summary>
internal sealed class DeliveryProcessor(
    EndpointDefinition endpoint, IMessageStore store, MessagingModel model, OutgoingMessages outgoing, ParkingAlarm alarm, TimeProvider time,
    EntropySource entropy, MessagingMetrics metrics, DeliveryTelemetry telemetry, ILogger logger)
{
    private readonly FrozenDictionary<string, (MessageType Type, IReadOnlyList<HandlerBinding> Handlers)> handlersOf =
        endpoint.Handlers.ToFrozenDictionary(handlers => handlers.Key, handlers => (model.Registry.Find(handlers.Key)!, handlers.Value), StringComparer.Ordinal);
    private readonly InstanceGate instances = new(time);
    private readonly FailureJudge judge = new(endpoint, store.Inbox, outgoing, NewBackoff(entropy), entropy, metrics, logger);
    private readonly EndingWriter endings = new(endpoint, store, outgoing, NewBackoff(entropy), alarm, metrics, logger);

    /// <summary>Tries to handle a group, one message after another. Returns the verdict on each, in the order given.</summary>
    /// <param name="group">Messages, those of a key in their order.</param>
    /// <param name="stopping">The host's time to stop is over: roll back what runs.</param>
    public async Task<Verdict[]> AttemptAsync(IReadOnlyList<Work> group, CancellationToken stopping)
    {
        using var pass = endpoint.Instances.Count > 0 ? instances.Open() : null;
        foreach (var work in group)
        {
            if (work.Ending is not null)
            {
                continue;
            }

            if (work.Place is { Position.IsLeaving: true })
            {
                work.Refusal = Verdict.Abandon;
            }
            else if (endpoint.DeadLettersExpired && HasExpired(work))
            {
                judge.GiveUpExpired(work);
            }
            else if (TryRead(work) is { } reason)
            {
                judge.GiveUpUnread(work, reason);
                telemetry.Refuse(work, "unreadable");
            }
            else
            {
                work.Refusal = pass?.Refuse(work);
            }
        }

        var ready = NotBehindAnEnd(group);
        var verdict = ready.Count > 0 ? await TryHandleAsync(ready, stopping) : null;
        if (HasExceptions(group))
        {
            return await WriteEndingsAsync(group, ready, verdict ?? Verdict.Done, stopping);
        }

        var verdicts = new Verdict[group.Count];
        Array.Fill(verdicts, verdict ?? Verdict.Done);
        return verdicts;
    }

    /// <summary>Whether some of the group end without their handlers, or are not let through.</summary>
    private static bool HasExceptions(IReadOnlyList<Work> group)
    {
        for (var i = 0; i < group.Count; i++)
        {
            if (group[i].Ending is not null || group[i].Refusal is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Those of a group that may be handled: what follows a message in its key is not handled before that one's end is written, which may be
    /// that its key has to wait. In a stream nothing is handled before what comes before it, whatever keeps that one waiting.
    /// </summary>
    private static IReadOnlyList<Work> NotBehindAnEnd(IReadOnlyList<Work> group)
    {
        if (!HasExceptions(group))
        {
            return group;
        }

        var ready = new List<Work>();
        var ended = new HashSet<string>(StringComparer.Ordinal);
        foreach (var work in group)
        {
            if (work.Lane is { } lane && (work.Ending is not null || (work.Refusal is not null && work.Place is not null)))
            {
                ended.Add(lane);
            }
            else if (work.Ending is null && work.Refusal is null && (work.Lane is null || !ended.Contains(work.Lane)))
            {
                ready.Add(work);
            }
        }

        return ready;
    }

    /// <summary>Writes the endings one after another; of a key or a stream nothing more after one that is not done. Returns the verdicts on all of the group.</summary>
    private async Task<Verdict[]> WriteEndingsAsync(IReadOnlyList<Work> group, IReadOnlyList<Work> handled, Verdict onHandled, CancellationToken stopping)
    {
        var verdicts = new Verdict[group.Count];
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < group.Count; i++)
        {
            var work = group[i];
            var lane = work.Lane;
            if (work.Ending is null)
            {
                verdicts[i] = work.Refusal ?? (handled.Contains(work) ? onHandled : Verdict.Again());
            }
            else
            {
                verdicts[i] = lane is not null && waiting.Contains(lane) ? Verdict.Again() : await endings.WriteAsync(work, stopping);
            }

            // What is not done yet comes before what follows it in its key, whatever becomes of that.
            if (lane is not null && verdicts[i] != Verdict.Done)
            {
                waiting.Add(lane);
            }
        }

        return verdicts;
    }

    /// <summary>Finds the handlers and reads the body; says why not, if it cannot.</summary>
    private string? TryRead(Work work)
    {
        if (work.Read is not null)
        {
            return null;
        }

        var envelope = work.Delivery.Envelope;
        if (!handlersOf.TryGetValue(envelope.Type, out var known))
        {
            return model.Registry.Find(envelope.Type) is null ? "its type is not registered in this application" : "this endpoint has no handler for its type";
        }

        var handlers = endpoint.Accepting(known.Handlers, envelope);
        if (handlers.Count == 0)
        {
            return envelope.InReplyTo is null ? "this endpoint takes its type only as a reply" : "it replies to a request that nobody at this endpoint has made";
        }

        try
        {
            work.Read = (known.Type.Serializer.Deserialize(envelope.Body.Span, known.Type.ClrType), handlers);
            if (endpoint.Instances.Count > 0)
            {
                work.Instances = [.. handlers.Where(handler => handler.Instances is not null).Select(handler => InstanceOf(handler, work)).OfType<Guid>()];
            }

            return null;
        }
        catch (Exception exception)
        {
            // The serializer's own message may quote the payload.
            return $"its body cannot be read ({exception.GetType().Name})";
        }
    }

    /// <summary>Handles the group in one transaction. Returns the verdict on those that have no ending afterwards, or null if they are done.</summary>
    private async Task<Verdict?> TryHandleAsync(IReadOnlyList<Work> group, CancellationToken stopping)
    {
        if (group.Count > 1 && HasDuplicates(group))
        {
            return TryAlone(group);
        }

        try
        {
            await HandleAsync(group, stopping);
            return null;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Verdict.Abandon;
        }
        catch (StreamLostException lost)
        {
            logger.StreamLost(endpoint.Name, lost.Position.Stream, lost.Position.Epoch);
            return AbandonLost(group);
        }
        catch (Exception exception) when (group.Count > 1)
        {
            logger.GroupFailed(endpoint.Name, group.Count, exception);
            return TryAlone(group);
        }
        catch (Exception exception)
        {
            DeliveryTelemetry.Fail(group[0], exception);
            return judge.Judge(group[0], exception);
        }
    }

    private static bool HasDuplicates(IReadOnlyList<Work> group)
    {
        var ids = new HashSet<Guid>(group.Count);
        for (var i = 0; i < group.Count; i++)
        {
            if (!ids.Add(group[i].Delivery.Envelope.Id))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is of a stream that somebody else has taken is handled there; what is not is tried again.</summary>
    private static Verdict AbandonLost(IReadOnlyList<Work> group)
    {
        foreach (var work in group.Where(work => work.Place is { Position.IsLost: true }))
        {
            work.Refusal = Verdict.Abandon;
        }

        return Verdict.Again();
    }

    private static Verdict TryAlone(IReadOnlyList<Work> group)
    {
        foreach (var work in group)
        {
            work.RunsAlone = true;
        }

        return Verdict.Again();
    }

    /// <summary>The instance that a message is for. What cannot be told is told when it is handled.</summary>
    private static Guid? InstanceOf(HandlerBinding handler, Work work)
    {
        try
        {
            return handler.Instances!.InstanceOf(work.Read!.Value.Message, work.Delivery.Envelope);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private async Task HandleAsync(IReadOnlyList<Work> group, CancellationToken stopping)
    {
        foreach (var work in group)
        {
            work.IsHandling = work.IsHandled = work.HasExpired = false;
        }

        var outcomes = await HandleOnceAsync(group, stopping);
        var (handled, duplicates) = (0, 0);
        for (var i = 0; i < outcomes.Count; i++)
        {
            switch (outcomes[i])
            {
                case HandlingOutcome.Handled when group[i].HasExpired:
                    metrics.Expired(endpoint.Name);
                    logger.Expired(endpoint.Name, group[i].Delivery.Envelope.Id, group[i].Delivery.Envelope.Type, group[i].Delivery.Envelope.ExpiresAt);
                    break;

                case HandlingOutcome.Handled:
                    handled++;
                    group[i].AfterCommit?.Invoke();
                    break;

                case HandlingOutcome.Held:
                    judge.Park(group[i], TimeSpan.Zero, delays: 0);
                    break;

                case HandlingOutcome.Waits:
                    group[i].Refusal = Verdict.Again();
                    break;

                default:
                    duplicates++;
                    logger.Duplicate(endpoint.Name, group[i].Delivery.Envelope.Id, group[i].Delivery.Envelope.Type);
                    break;
            }
        }

        metrics.Handled(endpoint.Name, handled);
        if (duplicates > 0)
        {
            metrics.Duplicates(endpoint.Name, duplicates);
        }
    }

    private async Task<IReadOnlyList<HandlingOutcome>> HandleOnceAsync(IReadOnlyList<Work> group, CancellationToken stopping)
    {
        if (group is [{ Parked: { } parked } only])
        {
            return [await store.Inbox.HandleParkedAsync(parked, only.Delivery.Envelope, (scope, session, _, token) => InvokeHandlersAsync(only, scope, session, token), stopping)];
        }

        var deliveries = new Delivery[group.Count];
        for (var i = 0; i < group.Count; i++)
        {
            deliveries[i] = group[i].Delivery;
        }

        return await store.Inbox.HandleAsync(
            endpoint.Name,
            deliveries,
            (scope, session, index, token) => InvokeHandlersAsync(group[index], scope, session, token),
            stopping);
    }

    private bool HasExpired(Work work) => work.Delivery.Envelope.ExpiresAt is not null && Expiry.IsOver(work.Delivery.Envelope, time.GetUtcNow());

    private async Task InvokeHandlersAsync(Work work, IServiceProvider scope, IOutboxSession session, CancellationToken cancellationToken)
    {
        var (message, handlers) = work.Read!.Value;
        var envelope = work.Delivery.Envelope;
        var bus = scope.GetRequiredService<MessageBus>();
        bus.Store = store;
        var context = new MessageContext(envelope, endpoint.Name, work.Attempts + 1, bus) { GivenUp = work.GivenUp };
        session.Cause = context;
        var begun = telemetry.Begin(work);
        var hasExpired = HasExpired(work);
        if (hasExpired && endpoint.DeadLettersExpired)
        {
            throw new MessageExpiredException();
        }

        // Before its handlers run: what they publish comes after it.
        if (outgoing.Journal.Ended(envelope, EventOf(work, hasExpired), endpoint.Name) is { } entry)
        {
            session.Record(entry);
        }

        if (hasExpired)
        {
            // Claimed like one that is handled: a copy of it is a duplicate, and it is counted once. Who waits for a reply is told in
            // the same transaction.
            work.HasExpired = true;
            session.Add(outgoing.CreateNotice(envelope, endpoint.Name, FailureJudge.ReasonOfExpiry(envelope)));
            return;
        }

        work.IsHandling = true;
        try
        {
            if (work.IgnoredFailure is { } failure)
            {
                session.Add(outgoing.CreateNotice(envelope, endpoint.Name, $"its handler failed with {failure}, which is ignored there"));
                work.IsHandled = true;
                return;
            }

            for (var i = 0; i < handlers.Count; i++)
            {
                await handlers[i].Invoke(scope, message, context, cancellationToken);
            }

            if (context.OwesAnswer)
            {
                session.Add(outgoing.CreateReply(new Answer(Handled: true, Reason: null), envelope.ReplyTo!, configure: null, context));
            }

            work.AfterCommit = context.AfterCommit;
            work.IsHandled = true;
        }
        catch (Exception exception)
        {
            DeliveryTelemetry.Fail(work, exception);
            throw;
        }
        finally
        {
            work.HandlerTime = time.GetElapsedTime(begun);
        }
    }

    private static JournalEvent EventOf(Work work, bool hasExpired)
        => hasExpired ? JournalEvent.Expired : work.IgnoredFailure is null ? JournalEvent.Handled : JournalEvent.Ignored;

    private static Backoff NewBackoff(EntropySource entropy) => new(FailurePolicy.FirstStorePause, FailurePolicy.LongestStorePause, entropy);
}
