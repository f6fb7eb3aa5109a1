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
/// Brings the messages of one store's outbox to the destinations of one transport. Two loops share a window: one reads rows and sends
/// them, the other deletes the rows of what was confirmed, so that the next page is read while the last one is on its
/// way. No transaction is open while a message is under way, and the only truth is that a row exists: whatever goes
/// wrong, it is read again.
/// </summary>
internal sealed class OutboxRelay(
    IMessageStore store, string name, ITransport transport, OutgoingMessages outgoing, LeaseKeeper leases, IReadOnlyCollection<string> destinations,
    OutboxOptions options, Signal wake, TimeProvider time, EntropySource entropy, MessagingMetrics metrics, RelayTelemetry telemetry, ILogger logger, WorkState state)
{
    private readonly CancellationTokenSource stopSending = new();
    private readonly CancellationTokenSource stopConfirming = new();
    private readonly Signal drained = new(time);
    private volatile RelayWindow window = NewWindow(destinations, options, time, entropy);
    private TimeSpan pollInterval = options.MinPollInterval;
    private Task running = Task.CompletedTask;
    private volatile Task sending = Task.CompletedTask;

    public void Start()
    {
        leases.AskBeforeGivingUp(bucket => window.HasBucket(bucket));
        running = NewLoop("relay", state).RunAsync(RunSessionAsync, stopConfirming.Token);
    }

    /// <summary>Sends nothing more: when it completes, or the token fires, the last message is handed over. What is under way is still confirmed.</summary>
    public async Task StopSendingAsync(CancellationToken cancellationToken)
    {
        stopSending.Cancel();

        // Not a delay that is cancelled: WhenAny hears of that on the thread pool.
        var hurry = new TaskCompletionSource();
        await using var registration = cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), hurry);
        await Task.WhenAny(sending, hurry.Task);
    }

    /// <summary>Waits until nothing is under way or the token fires, and ends.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await StopSendingAsync(cancellationToken);
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
    }

    /// <summary>The life of one sender: ends when it breaks or the relay stops.</summary>
    private async Task RunSessionAsync(CancellationToken stopping)
    {
        await using var sender = await transport.OpenSenderAsync(stopping);
        state.Works();
        using var broken = new CancellationTokenSource();
        using var sendingUntil = CancellationTokenSource.CreateLinkedTokenSource(stopSending.Token, broken.Token);
        using var confirmingUntil = CancellationTokenSource.CreateLinkedTokenSource(stopping, broken.Token);
        var confirmations = new Confirmations();
        try
        {
            sending = UntilBroken(NewLoop("sending", state).RunAsync(token => SendOnceAsync(sender, token), sendingUntil.Token));
            await Task.WhenAll(
                sending,
                UntilBroken(NewLoop("confirming").RunAsync(token => ConfirmOnceAsync(sender, confirmations, token), confirmingUntil.Token)));
        }
        finally
        {
            // What this sender did not report is unknown now: it is read and sent again.
            telemetry.Lost(window.Count);
            window = NewWindow(destinations, options, time, entropy);
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
            await wake.WaitAsync(Wait(), cancellationToken);
            pollInterval = Min(pollInterval + pollInterval, options.MaxPollInterval);
            return;
        }

        pollInterval = options.MinPollInterval;
        await SendAsync(sender, records, cancellationToken);
        if (!window.HasMore)
        {
            // Whoever commits from now on wakes us; only what other processes committed meanwhile waits for the interval.
            await wake.WaitAsync(Wait(), cancellationToken);
        }
    }

    /// <summary>Until the next look, also for a destination that pauses. In whole milliseconds: a timer knows no others.</summary>
    private TimeSpan Wait() => window.NextTry is { } pause ? Min(pollInterval, TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds))) : pollInterval;

    private static RelayWindow NewWindow(IReadOnlyCollection<string> destinations, OutboxOptions options, TimeProvider time, EntropySource entropy)
        => new(destinations, options.Window, options.WindowBytes, () => new DestinationPause(new Backoff(options.MinPollInterval, options.MaxBackoff, entropy), time));

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

    /// <summary>Waits for results and deletes the rows of what was confirmed. Called again after a failure, it goes on where it failed.</summary>
    public async Task ConfirmOnceAsync(ISender sender, Confirmations confirmations, CancellationToken cancellationToken)
    {
        if (confirmations.IsEmpty)
        {
            confirmations.Add(await Guarded(() => sender.ReadResultsAsync(cancellationToken), cancellationToken));
        }

        while (confirmations.Unread.TryPeek(out var result))
        {
            await TakeInAsync(result, confirmations, cancellationToken);
            confirmations.Unread.Dequeue();
        }

        if (confirmations.Confirmed.Count > 0)
        {
            await store.Outbox.DeleteAsync(confirmations.Confirmed, cancellationToken);
            metrics.Relayed(store.Name, confirmations.Confirmed.Count);
        }

        if (window.Remove(confirmations.Confirmed))
        {
            wake.Set();
        }

        confirmations.Confirmed.Clear();
        if (window.IsEmpty)
        {
            drained.Set();
        }
    }

    private async Task TakeInAsync(SendResult result, Confirmations confirmations, CancellationToken cancellationToken)
    {
        if (window.Find(result.Token) is not { } record)
        {
            return;
        }

        switch (result.Status)
        {
            case SendStatus.Confirmed:
                confirmations.Confirmed.Add(result.Token);
                break;
            case SendStatus.Returned:
                window.Return(record);
                wake.Set();
                break;
            case SendStatus.Refused:
                await DeadLetterAsync(record, record.ToEnvelope(), result.Reason ?? "the destination refused it", cancellationToken);
                confirmations.Confirmed.Add(result.Token);
                break;
            default:
                throw new InvalidOperationException($"Unknown status {result.Status}.");
        }

        // Last: what the database has failed to take in comes here again.
        telemetry.Reported(record, result.Status);
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

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>Results that were received and are not fully taken in yet: a failing database must not lose them.</summary>
    internal sealed class Confirmations
    {
        public Queue<SendResult> Unread { get; } = new();

        public List<long> Confirmed { get; } = [];

        public bool IsEmpty => Unread.Count == 0 && Confirmed.Count == 0;

        public void Add(IReadOnlyList<SendResult> results)
        {
            foreach (var result in results)
            {
                Unread.Enqueue(result);
            }
        }
    }
}
