using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
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

    /// <summary>How long it waits in memory, and its worker does not, because the message that it is to be parked behind is being handled.</summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(250);

    public async Task<Verdict> WriteAsync(Work work, CancellationToken stopping)
    {
        try
        {
            return work.Ending switch
            {
                Ending.Dies dies => await BuryAsync(work, dies.Entry, stopping),
                Ending.Waits { Taken: { } taken } waits => await PostponeAsync(work, waits, taken, stopping),
                Ending.Waits waits => await ParkAsync(work, waits, stopping),
                _ => throw new InvalidOperationException("The message has no ending."),
            };
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Verdict.Abandon;
        }
        catch (StreamLostException lost)
        {
            logger.StreamLost(endpoint.Name, lost.Position.Stream, lost.Position.Epoch);
            return Verdict.Abandon;
        }
        catch (Exception exception)
        {
            var pause = pauses.After(++work.StoreFailures);
            work.IsEndingUnsure = true;
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
        var receipt = await store.DeadLetters.AddAsync(entry with { Messages = [.. entry.Messages, .. copy], Entry = outgoing.Journal.Ended(work.Delivery.Envelope, JournalEvent.DeadLettered, endpoint.Name) }, stopping);
        if (!receipt.IsStored && !(work.IsEndingUnsure && await IsStoredAsync(letter, stopping)))
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

    private async Task<Verdict> ParkAsync(Work work, Ending.Waits waits, CancellationToken stopping)
    {
        var message = waits.Message;
        switch (await store.Parking.ParkAsync(message, waits.Delay, endpoint.Failures.MaxParkedPerKey, stopping))
        {
            case ParkingOutcome.Duplicate when !await IsParkedByUsAsync(work, message, stopping):
                return Duplicate(message.MessageId, message.Type);

            case ParkingOutcome.Full:
                logger.KeyFull(endpoint.Name, endpoint.Failures.MaxParkedPerKey, message.MessageId, message.Type);
                return Verdict.Again(FullPause);

            case ParkingOutcome.Busy:
                return Verdict.Again(BusyPause);

            default:
                Parked(waits);
                return Verdict.Done;
        }
    }

    private async Task<Verdict> PostponeAsync(Work work, Ending.Waits waits, ParkedMessage taken, CancellationToken stopping)
    {
        if (!await store.Parking.PostponeAsync(taken, waits.Message, waits.Delay, stopping) && !await IsParkedByUsAsync(work, waits.Message, stopping))
        {
            return Duplicate(taken.MessageId, taken.Type);
        }

        Parked(waits);
        return Verdict.Done;
    }

    /// <summary>Whether what looks like somebody else's work is ours: it was written before, and the reply to its commit was lost.</summary>
    private async Task<bool> IsParkedByUsAsync(Work work, ParkedMessage message, CancellationToken stopping)
        => work.IsEndingUnsure && await store.Parking.FindAsync(message.Endpoint, message.MessageId, stopping) is { } found && found.Attempts >= message.Attempts && found.Delays >= message.Delays;

    private async Task<bool> IsStoredAsync(DeadLetter letter, CancellationToken stopping)
        => (await store.DeadLetters.ReadAsync(new DeadLetterQuery { Endpoint = letter.Endpoint, MessageId = letter.MessageId }, 1, stopping)).Count > 0;

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
