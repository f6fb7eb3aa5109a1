using System.Diagnostics;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// One attempt at a delivery, from bytes to verdict. Messages that are quick share one transaction; if anything goes wrong
/// in it, it is rolled back and each has the next one to itself. A handler that fails is tried again at once, then its
/// message goes to the dead letters. When it is the store that fails, the message waits until it has recovered. Nothing
/// but the end of the host makes the endpoint give a message back.
/// </summary>
internal sealed class DeliveryProcessor(
    EndpointDefinition endpoint, IMessageStore store, MessagingModel model, OutgoingMessages outgoing, TimeProvider time,
    EntropySource entropy, MessagingMetrics metrics, ILogger logger)
{
    private static readonly ActivitySource Activities = new(MessagingDiagnostics.ActivitySourceName);

    private readonly InstanceGate instances = new(time);
    private readonly Backoff storePauses = new(FailurePolicy.FirstStorePause, FailurePolicy.LongestStorePause, entropy);

    /// <summary>Tries to handle a group, one message after another. Returns the verdict on each, in the order given.</summary>
    /// <param name="group">Messages of one key in their order.</param>
    /// <param name="stopping">The host's time to stop is over: roll back what runs.</param>
    public async Task<Verdict[]> AttemptAsync(IReadOnlyList<Work> group, CancellationToken stopping)
    {
        var verdicts = new Verdict[group.Count];
        var readable = new List<Work>(group.Count);
        var indexes = new List<int>(group.Count);
        using var pass = endpoint.Instances.Count > 0 ? instances.Open() : null;
        for (var i = 0; i < group.Count; i++)
        {
            if (group[i].Letter is not null)
            {
                verdicts[i] = await WriteLetterAsync(group[i], stopping);
            }
            else if (TryRead(group[i]) is { } reason)
            {
                LeaveStuck(group[i]);
                verdicts[i] = await DeadLetterAsync(group[i], reason, failure: null, stopping);
            }
            else if (pass?.Refuse(group[i]) is { } wait)
            {
                verdicts[i] = wait;
            }
            else
            {
                verdicts[i] = Verdict.Done;
                readable.Add(group[i]);
                indexes.Add(i);
            }
        }

        if (readable.Count > 0 && await TryHandleAsync(readable, stopping) is { } verdict)
        {
            indexes.ForEach(i => verdicts[i] = verdict);
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
        var type = model.Registry.Find(envelope.Type);
        if (type is null)
        {
            return "its type is not registered in this application";
        }

        if (!endpoint.Handlers.TryGetValue(type.Name, out var handlers))
        {
            return "this endpoint has no handler for its type";
        }

        handlers = endpoint.Accepting(handlers, envelope);
        if (handlers.Count == 0)
        {
            return envelope.InReplyTo is null ? "this endpoint takes its type only as a reply" : "it replies to a request that nobody at this endpoint has made";
        }

        try
        {
            work.Read = (type.Serializer.Deserialize(envelope.Body.Span, type.ClrType), handlers);
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

    /// <summary>Handles the group in one transaction. Returns null if that worked, otherwise the verdict on all of it.</summary>
    private async Task<Verdict?> TryHandleAsync(List<Work> group, CancellationToken stopping)
    {
        if (group.Count > 1 && group.DistinctBy(work => work.Delivery.Envelope.Id).Count() < group.Count)
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
        catch (Exception exception) when (group.Count > 1)
        {
            logger.GroupFailed(endpoint.Name, group.Count, exception);
            return TryAlone(group);
        }
        catch (Exception exception)
        {
            return await JudgeAsync(group[0], exception, stopping);
        }
    }

    private static Verdict TryAlone(List<Work> group)
    {
        group.ForEach(work => work.RunsAlone = true);
        return Verdict.Again();
    }

    private async Task<Verdict> JudgeAsync(Work work, Exception exception, CancellationToken stopping)
    {
        var envelope = work.Delivery.Envelope;
        if (IsStores(work, exception))
        {
            var pause = storePauses.After(++work.StoreFailures);
            logger.StoreFailed(endpoint.Name, envelope.Id, envelope.Type, work.StoreFailures, pause, exception);
            metrics.Retried(endpoint.Name);
            return Verdict.Again(pause);
        }

        if (exception is UnhandleableException)
        {
            work.Failures++;
            return await DeadLetterAsync(work, exception.Message, failure: null, stopping);
        }

        var isFinal = exception is StepFailedException { IsFinal: true };
        if (work.CountFailure(exception) <= endpoint.Failures.ImmediateRetries && !isFinal)
        {
            logger.AttemptFailed(endpoint.Name, work.Failures, envelope.Id, envelope.Type, exception);
            metrics.Retried(endpoint.Name);
            return Verdict.Again();
        }

        if (exception is StepFailedException failed && work.GiveUp(failed))
        {
            // Not the message is given up but the step: the next attempt tells the saga so, which knows what to do about it.
            logger.StepFailed(endpoint.Name, failed.Saga, failed.Effect.Step, failed.Reason, failed.InnerException);
            return Verdict.Again();
        }

        work.LeavesStuck = work.Instances.Count > 0;
        return await DeadLetterAsync(work, $"its handler failed with {exception.GetType().Name}", exception, stopping);
    }

    /// <summary>What is for one instance and cannot even be read is what that instance waits for.</summary>
    private void LeaveStuck(Work work)
    {
        if (SagaRequest.Parse(work.Delivery.Envelope.InReplyTo) is { } request && endpoint.Instances.Any(definition => definition.Name == request.Definition))
        {
            (work.Instances, work.LeavesStuck) = ([request.Id], true);
        }
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

    /// <summary>Whether the failure is to be waited out, because the store is to blame and not the message.</summary>
    private bool IsStores(Work work, Exception exception)
    {
        // Nothing is broken: the message waits for the deployment that its instance needs, however long that takes.
        if (exception is SagaMisplacedException)
        {
            return true;
        }

        if (work.StoreFailures >= FailurePolicy.StoreRetries)
        {
            return false;
        }

        if (!work.IsHandling || exception is SagaConflictException)
        {
            return true;
        }

        return store.Inbox.IsTransient(exception) && (work.IsHandled || ++work.FailuresByStore <= FailurePolicy.StoreRetriesInHandler);
    }

    private async Task HandleAsync(List<Work> group, CancellationToken stopping)
    {
        group.ForEach(work => work.IsHandling = work.IsHandled = false);
        var outcomes = await store.Inbox.HandleAsync(
            endpoint.Name,
            [.. group.Select(work => work.Delivery.Envelope)],
            (scope, session, index, token) => InvokeHandlersAsync(group[index], scope, session, token),
            stopping);

        var handled = 0;
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i] == HandlingOutcome.Handled)
            {
                handled++;
                group[i].AfterCommit?.Invoke();
            }
            else
            {
                logger.Duplicate(endpoint.Name, group[i].Delivery.Envelope.Id, group[i].Delivery.Envelope.Type);
            }
        }

        metrics.Handled(endpoint.Name, handled);
        if (handled < outcomes.Count)
        {
            metrics.Duplicates(endpoint.Name, outcomes.Count - handled);
        }
    }

    private async Task InvokeHandlersAsync(Work work, IServiceProvider scope, IOutboxSession session, CancellationToken cancellationToken)
    {
        var (message, handlers) = work.Read!.Value;
        var envelope = work.Delivery.Envelope;
        var bus = scope.GetRequiredService<MessageBus>();
        bus.Store = store;
        var context = new MessageContext(envelope, endpoint.Name, work.Failures + work.StoreFailures + 1, bus) { GivenUp = work.GivenUp };
        session.Cause = context;

        using var activity = Activities.StartActivity($"process {endpoint.Name}", ActivityKind.Consumer, envelope.TraceParent);
        var started = time.GetTimestamp();
        work.IsHandling = true;
        try
        {
            foreach (var handler in handlers)
            {
                await handler.Invoke(scope, message, context, cancellationToken);
            }

            if (context.OwesAnswer)
            {
                session.Add(outgoing.CreateReply(new Answer(Handled: true, Reason: null), envelope.ReplyTo!, configure: null, context));
            }

            work.AfterCommit = context.AfterCommit;
            work.IsHandled = true;
        }
        finally
        {
            work.HandlerTime = time.GetElapsedTime(started);
        }
    }

    private Task<Verdict> DeadLetterAsync(Work work, string reason, Exception? failure, CancellationToken stopping)
    {
        var envelope = work.Delivery.Envelope;
        work.RunsAlone = true;
        work.Letter = new DeadLetter
        {
            Endpoint = endpoint.Name,
            MessageId = envelope.Id,
            Type = envelope.Type,
            Key = envelope.Key,
            Headers = EnvelopeHeaders.Write(envelope),
            Body = envelope.Body,
            Reason = reason,
            Failure = Describe(failure),
            Attempts = Math.Max(1, work.Failures + work.StoreFailures),
        };
        work.Notice = outgoing.CreateNotice(envelope, endpoint.Name, reason);
        return WriteLetterAsync(work, stopping);
    }

    private async Task<Verdict> WriteLetterAsync(Work work, CancellationToken stopping)
    {
        var letter = work.Letter!;
        try
        {
            if (work.LeavesStuck)
            {
                await MarkStuckAsync(work, letter, stopping);
            }

            if (!await store.DeadLetters.AddAsync(letter, work.Notice, stopping))
            {
                logger.Duplicate(endpoint.Name, letter.MessageId, letter.Type);
                metrics.Duplicates(endpoint.Name, 1);
                return Verdict.Done;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Verdict.Abandon;
        }
        catch (Exception exception)
        {
            // Without a dead letter the message must not end: it is kept, and so is its key's place, until one can be written.
            var pause = storePauses.After(++work.StoreFailures);
            logger.DeadLetterFailed(endpoint.Name, letter.MessageId, letter.Type, pause, exception);
            return Verdict.Again(pause);
        }

        metrics.DeadLettered(endpoint.Name);
        logger.DeadLettered(endpoint.Name, letter.MessageId, letter.Type, letter.Attempts, letter.Reason);
        return Verdict.Done;
    }

    /// <summary>The instances that the message was for cannot go on without it. In transactions of their own, and before the letter, so that none is missed.</summary>
    private async Task MarkStuckAsync(Work work, DeadLetter letter, CancellationToken stopping)
    {
        foreach (var instance in work.Instances)
        {
            if (await store.Sagas.MarkStuckAsync(instance, $"message '{letter.Type}' could not be handled: {letter.Reason}; it is in the dead letters", letter.MessageId, stopsTimeouts: letter.Type == SagaSignal.Name, stopping))
            {
                logger.SagaStuck(endpoint.Name, instance, letter.Type);
            }
        }
    }

    /// <summary>The failure as text. An exception that throws while it is printed must not keep its message from the dead letters.</summary>
    private static string? Describe(Exception? failure)
    {
        try
        {
            return failure?.ToString();
        }
        catch (Exception exception)
        {
            return $"{failure!.GetType()}: its description threw {exception.GetType()}.";
        }
    }
}
