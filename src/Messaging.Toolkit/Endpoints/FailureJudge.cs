using System.Globalization;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// Decides what is done about a failed attempt: the store's failures are waited out, the handlers' go up the ladder that the endpoint has for
/// them. It writes nothing: an ending that it decides on is the message's, and is written by <see cref="EndingWriter"/>.
/// </summary>
internal sealed class FailureJudge(
    EndpointDefinition endpoint, IInbox inbox, OutgoingMessages outgoing, Backoff pauses, EntropySource entropy, MessagingMetrics metrics, ILogger logger)
{
    /// <summary>Returns when the message is tried again, or null if it has an ending now.</summary>
    public Verdict? Judge(Work work, Exception exception)
    {
        if (exception is MessageExpiredException)
        {
            GiveUpExpired(work);
            return null;
        }

        var envelope = work.Delivery.Envelope;
        if (IsStores(work, exception))
        {
            var pause = pauses.After(++work.StoreFailures);
            logger.StoreFailed(endpoint.Name, envelope.Id, envelope.Type, work.StoreFailures, pause, exception);
            metrics.Retried(endpoint.Name);
            return Verdict.Again(pause);
        }

        if (exception is UnhandleableException)
        {
            work.Failures++;
            GiveUp(work, exception.Message, failure: null);
            return null;
        }

        var failed = exception as StepFailedException;
        work.Failure = failed?.InnerException ?? exception;
        var rule = endpoint.Failures.RuleFor(failed?.InnerException ?? exception);
        var failures = work.CountFailure(exception);
        if (rule.Action == FailureAction.Ignore && failed is null)
        {
            logger.FailureIgnored(endpoint.Name, envelope.Id, envelope.Type, exception.GetType().Name);
            work.IgnoredFailure = exception.GetType().Name;
            work.RunsAlone = true;
            return Verdict.Again();
        }

        var isFinal = failed is { IsFinal: true } || rule.Action != FailureAction.Retry;
        if (failures <= rule.Ladder.ImmediateRetries && !isFinal && work.Delays == 0)
        {
            logger.AttemptFailed(endpoint.Name, work.Attempts, envelope.Id, envelope.Type, exception);
            metrics.Retried(endpoint.Name);
            return Verdict.Again();
        }

        if (!isFinal && rule.Ladder.DelayAfter(work.Delays, entropy) is { } delay)
        {
            logger.AttemptFailed(endpoint.Name, work.Attempts, envelope.Id, envelope.Type, exception);
            metrics.Retried(endpoint.Name);
            Park(work, delay, work.Delays + 1);
            return null;
        }

        if (failed is not null && work.GiveUp(failed))
        {
            // Not the message is given up but the step: the next attempt tells the saga so, which knows what to do about it.
            logger.StepFailed(endpoint.Name, failed.Saga, failed.Effect.Step, failed.Reason, failed.InnerException);
            return Verdict.Again();
        }

        work.LeavesStuck = work.Instances.Count > 0;
        GiveUp(work, $"its handler failed with {exception.GetType().Name}", exception);
        return null;
    }

    /// <summary>The message is to wait at the endpoint: behind those of its key, or until the delay is over.</summary>
    public void Park(Work work, TimeSpan delay, int delays)
    {
        var envelope = work.Delivery.Envelope;
        work.RunsAlone = true;
        work.Ending = new Ending.Waits(
            work.Parked is { } parked
                ? parked with { Attempts = work.Attempts, Delays = delays }
                : new ParkedMessage
                {
                    Endpoint = endpoint.Name,
                    MessageId = envelope.Id,
                    Type = envelope.Type,
                    Key = envelope.Key,
                    Headers = EnvelopeHeaders.Write(envelope),
                    Body = envelope.Body,
                    Attempts = work.Attempts,
                    Delays = delays,
                    Place = work.Place,
                },
            delay,
            work.Parked);
    }

    /// <summary>The message's time was over before it was handled.</summary>
    public void GiveUpExpired(Work work)
    {
        work.HasExpired = true;
        GiveUp(work, ReasonOfExpiry(work.Delivery.Envelope), failure: null);
    }

    public static string ReasonOfExpiry(MessageEnvelope envelope) => string.Create(CultureInfo.InvariantCulture, $"it expired at {envelope.ExpiresAt:O} before it was handled");

    /// <summary>The message cannot be read, so no further attempt would help.</summary>
    public void GiveUpUnread(Work work, string reason)
    {
        // What is for one instance and cannot even be read is what that instance waits for.
        if (SagaRequest.Parse(work.Delivery.Envelope.InReplyTo) is { } request && endpoint.Instances.Any(definition => definition.Name == request.Definition))
        {
            (work.Instances, work.LeavesStuck) = ([request.Id], true);
        }

        GiveUp(work, reason, failure: null);
    }

    private void GiveUp(Work work, string reason, Exception? failure)
    {
        var envelope = work.Delivery.Envelope;
        var letter = new DeadLetter
        {
            Endpoint = endpoint.Name,
            MessageId = envelope.Id,
            Type = envelope.Type,
            Key = envelope.Key,
            Headers = EnvelopeHeaders.Write(envelope),
            Body = envelope.Body,
            Reason = reason,
            ExceptionType = failure?.GetType().FullName,
            Failure = Describe(failure),
            Attempts = Math.Max(1, work.Attempts),
        };
        work.RunsAlone = true;
        work.Ending = new Ending.Dies(new DeadLetterEntry
        {
            Letter = letter,
            Messages = outgoing.CreateNotice(envelope, endpoint.Name, reason),
            Stuck = work.LeavesStuck ? [.. work.Instances.Select(instance => Stuck(instance, letter))] : [],
            Parked = work.Parked,
            Place = work.Place,
                        // What has expired can only be discarded, and would hold its key until then.
            HoldsKey = envelope.Key is not null && !work.HasExpired && endpoint.Failures.WhenDead == KeyPolicy.HoldKey,
        });
    }

    private static StuckInstance Stuck(Guid instance, DeadLetter letter)
        => new(instance, $"message '{letter.Type}' could not be handled: {letter.Reason}; it is in the dead letters", StopsTimeouts: letter.Type == SagaSignal.Name);

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

        return inbox.IsTransient(exception) && (work.IsHandled || ++work.FailuresByStore <= FailurePolicy.StoreRetriesInHandler);
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
