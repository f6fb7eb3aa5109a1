using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// Brings the messages of one store's outbox to the destinations of one transport. Three loops share a window: one reads rows and sends
/// them, one hears what was confirmed, which makes room for the next page, and one deletes the rows of what was confirmed, many at a time.
/// No transaction is open while a message is under way, and the only truth is that a row exists: whatever goes wrong, it is read again.
/// </summary>
internal sealed class OutboxRelay(
    IMessageStore store, string name, ITransport transport, OutgoingMessages outgoing, LeaseKeeper leases, IReadOnlyCollection<string> destinations,
    OutboxOptions options, Signal wake, TimeProvider time, EntropySource entropy, MessagingMetrics metrics, RelayTelemetry telemetry, ILogger logger, WorkState state)
{
    /// <summary>How long a relay that has no time left may still take to delete the rows of what was confirmed.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stopSending = new();
    private readonly CancellationTokenSource stopConfirming = new();
    private readonly Signal drained = new(time);
    private readonly Signal toDelete = new(time);
    private readonly RelayWindow window =
        new(destinations, options.Window, options.WindowBytes, () => new DestinationPause(new Backoff(options.MinPollInterval, options.MaxBackoff, entropy), time));
    private TimeSpan pollInterval = options.MinPollInterval;
    private Task running = Task.CompletedTask;
    private volatile Task sending = Task.CompletedTask;

    public void Start()
    {
        leases.AskBeforeGivingUp(bucket => window.HasBucket(bucket));
        running = Task.WhenAll(
            NewLoop("relay", state).RunAsync(RunSessionAsync, stopConfirming.Token),
            NewLoop("deleting").RunAsync(DeleteOnceAsync, stopConfirming.Token));
    }

    /// <summary>Sends nothing more. When it completes and the token has not fired, the last message is handed over. What is under way is still confirmed.</summary>
    public async Task StopSendingAsync(CancellationToken cancellationToken)
    {
        stopSending.Cancel();

        // Not a delay that is cancelled: WhenAny hears of that on the thread pool.
        var hurry = new TaskCompletionSource();
        await using var registration = cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), hurry);
        await Task.WhenAny(sending, hurry.Task);
    }

    /// <summary>Waits until nothing is under way and the rows of what was confirmed are deleted, or the token fires, and ends: no more than a moment after that.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await StopSendingAsync(cancellationToken);
        toDelete.Set();
        try
        {
            while (!window.IsEmpty && !running.IsCompleted)
            {
                await drained.WaitAsync(options.MaxPollInterval, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // What is not confirmed by now stays in the outbox and is sent again by whoever takes over.
        }

        stopConfirming.Cancel();
        await running;
        await DeleteTheLastAsync(cancellationToken);
    }

    /// <summary>Worth a moment even when the host is in a hurry: whoever takes over would send again what was confirmed.</summary>
    private async Task DeleteTheLastAsync(CancellationToken cancellationToken)
    {
        await using var grace = new Grace(cancellationToken, LastWords, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(grace.Token);
        await NewLoop("deleting").RunAsync(
            async token =>
            {
                if (!await DeleteAsync(token))
                {
                    ended.Cancel();
                }
            },
            ended.Token);
        if (window.HasRowsToDelete)
        {
            logger.RowsLeft(store.Name);
        }
    }

    /// <summary>The life of one sender: ends when it breaks or the relay stops.</summary>
    private async Task RunSessionAsync(CancellationToken stopping)
    {
        await using var sender = await transport.OpenSenderAsync(stopping);
        state.Works();
        using var broken = new CancellationTokenSource();
        using var sendingUntil = CancellationTokenSource.CreateLinkedTokenSource(stopSending.Token, broken.Token);
        using var confirmingUntil = CancellationTokenSource.CreateLinkedTokenSource(stopping, broken.Token);
        var results = new Queue<SendResult>();
        try
        {
            sending = UntilBroken(NewLoop("sending", state).RunAsync(token => SendOnceAsync(sender, token), sendingUntil.Token));
            await Task.WhenAll(
                sending,
                UntilBroken(NewLoop("confirming").RunAsync(token => ConfirmOnceAsync(sender, results, token), confirmingUntil.Token)));
        }
        finally
        {
            // What it has confirmed is, whatever came between. What it did not report is unknown now: it is read and sent again.
            TakeInConfirmed(results);
            telemetry.Lost(window.ForgetInFlight());
            SignalWhatIsLeft();
        }

        async Task UntilBroken(Task loop)
        {
            try
            {
                await loop;
            }
            catch (EndLoopException exception)
            {
                broken.Cancel();
                throw new MessagingException($"{store.Name}: the sender of the {transport.Name} transport broke; a new one is opened.", exception.InnerException!);
            }
        }
    }

    /// <summary>Reads what there is room for and sends it; waits unless there is more.</summary>
    public async Task SendOnceAsync(ISender sender, CancellationToken cancellationToken)
    {
        var buckets = leases.Buckets;
        var query = buckets.Count == 0 ? null : window.NextQuery(buckets);
        var records = query is null ? [] : await store.Outbox.ReadAsync(query, cancellationToken);
        if (query is not null)
        {
            window.NotePages(query, records);
        }

        if (records.Count == 0)
        {
            if (buckets.Count > 0 && window.HasRoomForMore)
            {
                return; // A pause has ended, or room was made, while the others were looked at.
            }

            await wake.WaitAsync(Wait(), cancellationToken);
            pollInterval = Min(pollInterval + pollInterval, options.MaxPollInterval);
            return;
        }

        pollInterval = options.MinPollInterval;
        await SendAsync(sender, records, cancellationToken);
        if (!window.HasRoomForMore)
        {
            // Whoever commits or makes room from now on wakes us; only what other processes committed meanwhile waits for the interval.
            await wake.WaitAsync(Wait(), cancellationToken);
        }
    }

    /// <summary>Until the next look, also for a destination that pauses.</summary>
    private TimeSpan Wait() => window.NextTry is { } pause ? Min(pollInterval, InWholeMilliseconds(pause)) : pollInterval;

    private async Task SendAsync(ISender sender, IReadOnlyList<OutboxRecord> records, CancellationToken cancellationToken)
    {
        var messages = await ReadEnvelopesAsync(records, cancellationToken);

        // The read may have taken long: a relay that stopped meanwhile takes no new work, and what is no longer ours to send is
        // left to its new owner. The window asks while it is locked, so that a bucket is seen as busy by whoever gives it up,
        // or as given up here.
        cancellationToken.ThrowIfCancellationRequested();
        var accepted = window.Add(messages.Where(message => leases.Holds(message.Record.Bucket)));
        if (accepted.Count > 0)
        {
            telemetry.Address(messages);
            await HandOverAsync(sender, accepted, cancellationToken);
        }
    }

    private async Task HandOverAsync(ISender sender, IReadOnlyList<TransportMessage> accepted, CancellationToken cancellationToken)
    {
        var batch = telemetry.Begin(accepted);
        try
        {
            await Guarded(() => sender.SendAsync(accepted, cancellationToken), cancellationToken);
            telemetry.End(batch, failure: null);
        }
        catch (Exception exception)
        {
            telemetry.End(batch, exception.InnerException ?? exception);
            throw;
        }
    }

    /// <summary>Waits for results and takes them in. Called again after a failure, it goes on where it failed.</summary>
    /// <param name="sender">Who reports them.</param>
    /// <param name="results">What was received and is not taken in yet: a failing database must not lose it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task ConfirmOnceAsync(ISender sender, Queue<SendResult> results, CancellationToken cancellationToken)
    {
        if (results.Count == 0)
        {
            foreach (var result in await Guarded(() => sender.ReadResultsAsync(cancellationToken), cancellationToken))
            {
                results.Enqueue(result);
            }
        }

        try
        {
            while (results.TryPeek(out var result))
            {
                await TakeInAsync(result, cancellationToken);
                results.Dequeue();
            }
        }
        finally
        {
            SignalWhatIsLeft();
        }
    }

    /// <summary>Deletes when there are many rows to delete, or the first has waited long enough, or the relay stops.</summary>
    public async Task DeleteOnceAsync(CancellationToken cancellationToken)
    {
        while (!window.HasRowsToDelete)
        {
            await toDelete.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        var begun = time.GetTimestamp();
        while (!window.IsWorthDeleting && !stopSending.IsCancellationRequested && options.Gathering - time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
        {
            await toDelete.WaitAsync(InWholeMilliseconds(left), cancellationToken);
        }

        await DeleteAsync(cancellationToken);
    }

    /// <summary>Deletes rows of what was confirmed. They are not forgotten before that, so that a failing database loses nothing. False if there were none.</summary>
    public async Task<bool> DeleteAsync(CancellationToken cancellationToken)
    {
        var ids = window.RowsToDelete;
        if (ids.Count == 0)
        {
            return false;
        }

        await store.Outbox.DeleteAsync(ids, cancellationToken);
        metrics.Relayed(store.Name, ids.Count);
        window.Remove(ids);
        SignalWhatIsLeft();
        return true;
    }

    /// <summary>What is under way has become less: whoever waits for that goes on.</summary>
    private void SignalWhatIsLeft()
    {
        if (window.HasRoomForMore)
        {
            wake.Set();
        }

        if (window.IsEmpty)
        {
            drained.Set();
        }
    }

    /// <summary>Needs no database, unlike what was refused.</summary>
    private void TakeInConfirmed(IEnumerable<SendResult> results)
    {
        foreach (var result in results.Where(result => result.Status == SendStatus.Confirmed))
        {
            if (window.Find(result.Token) is { } record)
            {
                Confirm(record);
                telemetry.Reported(record, result.Status);
            }
        }
    }

    private async Task TakeInAsync(SendResult result, CancellationToken cancellationToken)
    {
        if (window.Find(result.Token) is not { } record)
        {
            return;
        }

        switch (result.Status)
        {
            case SendStatus.Confirmed:
                Confirm(record);
                break;
            case SendStatus.Returned:
                window.Return(record);
                wake.Set();
                break;
            case SendStatus.Refused:
                await DeadLetterAsync(record, record.ToEnvelope(), result.Reason ?? "the destination refused it", cancellationToken);
                Confirm(record);
                break;
            default:
                throw new InvalidOperationException($"Unknown status {result.Status}.");
        }

        // Last: what the database has failed to take in comes here again.
        telemetry.Reported(record, result.Status);
    }

    private void Confirm(OutboxRecord record)
    {
        if (window.Confirm(record, out var isKeyFree))
        {
            toDelete.Set();
        }

        if (isKeyFree)
        {
            wake.Set();
        }
    }

    private async Task<List<(OutboxRecord Record, MessageEnvelope Envelope)>> ReadEnvelopesAsync(IReadOnlyList<OutboxRecord> records, CancellationToken cancellationToken)
    {
        var messages = new List<(OutboxRecord, MessageEnvelope)>(records.Count);
        foreach (var record in records)
        {
            try
            {
                messages.Add((record, record.ToEnvelope()));
            }
            catch (FormatException exception)
            {
                await DeadLetterAsync(record, envelope: null, exception.Message, cancellationToken);
                await store.Outbox.DeleteAsync([record.Id], cancellationToken);
            }
        }

        return messages;
    }

    /// <summary>Who waits for a reply to it is told, in the same transaction, as far as it can be read; if it is the copy of a dead letter, he has been told.</summary>
    private async Task DeadLetterAsync(OutboxRecord record, MessageEnvelope? envelope, string reason, CancellationToken cancellationToken)
    {
        var isCopy = record.Destination == transport.DeadLetterDestination;
        var notice = envelope is null || isCopy ? [] : outgoing.CreateNotice(envelope, record.Destination, reason);
        var letter = new DeadLetter
        {
            Origin = DeadLetterOrigin.Outbox,
            Endpoint = record.Destination,
            MessageId = record.MessageId,
            Type = record.Type,
            Key = record.Key,
            Headers = record.Headers,
            Body = record.Body,
            Reason = reason,
            Attempts = 1,
        };
        var receipt = await store.DeadLetters.AddAsync(new DeadLetterEntry { Letter = letter, Messages = notice, Entry = envelope is null || isCopy ? null : outgoing.Journal.Ended(envelope, JournalEvent.DeadLettered, record.Destination) }, cancellationToken);
        if (isCopy && !receipt.IsStored)
        {
            return; // Another copy of the same message is there already.
        }

        metrics.DeadLettered(record.Destination);
        logger.Undeliverable(store.Name, record.MessageId, record.Destination, reason);
    }

    private static async Task<T> Guarded<T>(Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EndLoopException("The sender broke; a new one is opened.", exception);
        }
    }

    private static async Task Guarded(Func<ValueTask> call, CancellationToken cancellationToken)
    {
        try
        {
            await call();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EndLoopException("The sender broke; a new one is opened.", exception);
        }
    }

    private Loop NewLoop(string loop, WorkState? state = null) => new($"{name}: {loop}", time, entropy, options.MaxBackoff, logger, state);

    /// <summary>A timer knows no others, and would come too early.</summary>
    private static TimeSpan InWholeMilliseconds(TimeSpan span) => TimeSpan.FromMilliseconds(Math.Ceiling(span.TotalMilliseconds));

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
