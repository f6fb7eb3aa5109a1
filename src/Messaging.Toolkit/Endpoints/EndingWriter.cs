using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// Writes how a delivery ends that its handlers could not end. As long as that cannot be written the message is neither lost nor
/// settled: it keeps its key's place here, and it is tried again.
/// </summary>
internal sealed class EndingWriter(EndpointDefinition endpoint, IMessageStore store, OutgoingMessages outgoing, Backoff pauses, ParkingAlarm alarm, MessagingMetrics metrics, ILogger logger)
{
    /// <summary>How long a message waits in memory, and its key with it, because as many are parked as may be.</summary>
    private static readonly TimeSpan FullPause = TimeSpan.FromSeconds(1);

    public async Task<Verdict> WriteAsync(Work work, CancellationToken stopping)
    {
        try
        {
            return work.Ending switch
            {
                Ending.Dies dies => await BuryAsync(work, dies.Entry, stopping),
                Ending.Waits { Taken: { } taken } waits => await PostponeAsync(waits, taken, stopping),
                Ending.Waits waits => await ParkAsync(waits, stopping),
                _ => throw new InvalidOperationException("The message has no ending."),
            };
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Verdict.Abandon;
        }
        catch (Exception exception)
        {
            var pause = pauses.After(++work.StoreFailures);
            var envelope = work.Delivery.Envelope;
            if (work.Ending is Ending.Dies)
            {
                logger.DeadLetterFailed(endpoint.Name, envelope.Id, envelope.Type, pause, exception);
                return Verdict.Again(pause);
            }

            logger.ParkingFailed(endpoint.Name, envelope.Id, envelope.Type, pause, exception);
            return Verdict.Again(pause);
        }
    }

    private async Task<Verdict> BuryAsync(Work work, DeadLetterEntry entry, CancellationToken stopping)
    {
        var letter = entry.Letter;
        var copy = outgoing.CreateCopy(work.Delivery.Envelope, letter);
        var receipt = await store.DeadLetters.AddAsync(entry with { Messages = [.. entry.Messages, .. copy] }, stopping);
        if (!receipt.IsStored)
        {
            return Duplicate(letter.MessageId, letter.Type);
        }

        if (work.HasExpired)
        {
            metrics.Expired(endpoint.Name);
            logger.Expired(endpoint.Name, letter.MessageId, letter.Type, work.Delivery.Envelope.ExpiresAt);
        }

        metrics.DeadLettered(endpoint.Name);
        logger.DeadLettered(endpoint.Name, letter.MessageId, letter.Type, letter.Attempts, letter.Reason);
        foreach (var instance in receipt.Stuck)
        {
            logger.SagaStuck(endpoint.Name, instance, letter.Type);
        }

        return Verdict.Done;
    }

    private async Task<Verdict> ParkAsync(Ending.Waits waits, CancellationToken stopping)
    {
        var message = waits.Message;
        switch (await store.Parking.ParkAsync(message, waits.Delay, endpoint.Failures.MaxParkedPerKey, stopping))
        {
            case ParkingOutcome.Duplicate:
                return Duplicate(message.MessageId, message.Type);

            case ParkingOutcome.Full:
                logger.KeyFull(endpoint.Name, endpoint.Failures.MaxParkedPerKey, message.MessageId, message.Type);
                return Verdict.Again(FullPause);

            default:
                Parked(waits);
                return Verdict.Done;
        }
    }

    private async Task<Verdict> PostponeAsync(Ending.Waits waits, ParkedMessage taken, CancellationToken stopping)
    {
        if (!await store.Parking.PostponeAsync(taken, waits.Message, waits.Delay, stopping))
        {
            return Duplicate(taken.MessageId, taken.Type);
        }

        Parked(waits);
        return Verdict.Done;
    }

    private void Parked(Ending.Waits waits)
    {
        var message = waits.Message;
        alarm.Expect(waits.Delay);
        metrics.Parked(endpoint.Name);
        logger.Parked(endpoint.Name, message.MessageId, message.Type, message.Attempts);
    }

    private Verdict Duplicate(Guid messageId, string type)
    {
        logger.Duplicate(endpoint.Name, messageId, type);
        metrics.Duplicates(endpoint.Name, 1);
        return Verdict.Done;
    }
}
