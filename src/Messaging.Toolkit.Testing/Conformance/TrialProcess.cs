using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>A process of the application: a transport, and what was opened with it.</summary>
internal sealed class TrialProcess(Trial trial, ITransport transport) : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> opened = [];
    private bool isDisposed;

    public async Task<ISender> OpenSenderAsync()
    {
        var sender = await transport.OpenSenderAsync(trial.Over);
        opened.Add(sender);
        return sender;
    }

    /// <summary>Starts what an application's relay does, over a sender of its own.</summary>
    public async Task<TrialRelay> OpenRelayAsync() => new(trial, this, await OpenSenderAsync());

    /// <summary>Starts to receive for an endpoint.</summary>
    public async Task<TrialConsumer> OpenConsumerAsync(string endpoint, int prefetch = 1000)
    {
        var receiver = await transport.OpenReceiverAsync(endpoint, prefetch, trial.Over);
        opened.Add(receiver);
        return new(trial, endpoint, receiver);
    }

    /// <summary>Where a message goes, as an application asks when it is published.</summary>
    public IReadOnlyList<string> DestinationsOf(MessageEnvelope envelope)
        => envelope.Recipient is { } endpoint
            ? [transport.GetDestination(endpoint)]
            : transport.GetDestinations(trial.Messages.TypeOf(envelope), trial.Messages.SubscribersOf(envelope));

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        foreach (var one in opened)
        {
            await one.DisposeAsync();
        }

        if (transport is IAsyncDisposable asyncDisposable)
        {
            await asyncDisposable.DisposeAsync();
        }
        else
        {
            (transport as IDisposable)?.Dispose();
        }
    }
}
