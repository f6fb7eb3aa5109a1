using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>A channel to send on.</summary>
internal sealed class SimulatedSender(SimulatedBroker broker, NodeLife life, Action<string, string> report) : ISender
{
    private static readonly TimeSpan LongestConfirm = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestSlowness = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    private readonly Mailbox<SendResult> results = new(life.Lane);
    private readonly Dictionary<long, string> unreported = [];

    /// <summary>Of these something was returned, and nothing may overtake it.</summary>
    private readonly HashSet<(string Destination, string Key)> returned = [];

    private bool isClosed;

    public async ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
    {
        // Handed over in one go: a client's buffer is full of them when something happens to it.
        await life.EnterAsync(Operation.Send);
        var accepted = life.Happens(FaultKind.ChannelClosed, Operation.Send, out var severity) ? (int)(messages.Count * severity) : messages.Count;
        for (var i = 0; i < messages.Count && !isClosed; i++)
        {
            if (i == accepted)
            {
                Close();
                break;
            }

            Send(messages[i]);
        }

        ThrowIfClosed();
    }

    public async ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var read = await results.ReadAsync(cancellationToken);
        ThrowIfClosed();
        return read;
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private void Send(TransportMessage message)
    {
        if (!unreported.TryAdd(message.Token, message.Destination))
        {
            report("G8", $"Row {message.Token} was handed over again before its result was reported.");
        }

        if (MustReturn(message))
        {
            Report(message, SendStatus.Returned);
            return;
        }

        life.Note($"sent to {message.Destination}", message.Envelope.Id);
        broker.Accept(message.Destination, message.Envelope);
        if (life.Happens(FaultKind.Duplicate, Operation.Send))
        {
            broker.AcceptAgain(message.Destination, message.Envelope);
        }

        if (life.Happens(FaultKind.ConfirmLost, Operation.Confirm, out var severity))
        {
            life.World.Schedule(life.Lane, LongestSilence * severity, Close);
            return;
        }

        Report(message, SendStatus.Confirmed);
    }

    private bool MustReturn(TransportMessage message)
    {
        var isReturned = life.Happens(FaultKind.Returned, Operation.Send);
        if (message.Envelope.Key is not { } key)
        {
            return isReturned;
        }

        var line = (message.Destination, key);
        if (message.ResumesKey)
        {
            returned.Remove(line);
        }

        return (isReturned && returned.Add(line)) || returned.Contains(line);
    }

    private void Report(TransportMessage message, SendStatus status)
    {
        var delay = life.Happens(FaultKind.SlowBroker, Operation.Confirm, out var severity)
            ? LongestSlowness * severity
            : broker.Random.Between(TimeSpan.Zero, LongestConfirm);
        life.World.Schedule(life.Lane, delay, () =>
        {
            unreported.Remove(message.Token);
            life.Note(status == SendStatus.Confirmed ? "confirmed" : "returned", message.Envelope.Id);
            results.Add(new SendResult(message.Token, status));
        });
    }

    private void Close()
    {
        isClosed = true;
        results.Wake();
    }

    private void ThrowIfClosed()
    {
        if (isClosed)
        {
            throw new SimulatedBrokerException();
        }
    }
}
