using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>One node's way to the simulated broker. It keeps the contracts of <see cref="ITransport"/>, and no more than them.</summary>
/// <param name="broker">The broker.</param>
/// <param name="life">The node's.</param>
/// <param name="report">Takes notice of what a client must not do.</param>
/// <param name="suffix">What its topics and queues end with, if the application has several transports; empty otherwise.</param>
internal sealed class SimulatedTransport(SimulatedBroker broker, NodeLife life, Action<string, string> report, string suffix = "") : ITransport
{
    public string Name => "simulated" + suffix;

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers)
    {
        IReadOnlyList<string> queues = suffix.Length == 0 ? subscribers : [.. subscribers.Select(GetDestination)];
        if (type.Kind == MessageKind.Command)
        {
            return queues;
        }

        broker.Bind(type.Name + suffix, queues);
        return [type.Name + suffix];
    }

    public string GetDestination(string endpoint) => endpoint + suffix;

    public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(Operation.OpenSender, cancellationToken);
        return new SimulatedSender(broker, life, report);
    }

    public async ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
    {
        await EnterAsync(Operation.OpenReceiver, cancellationToken);
        return new SimulatedReceiver(broker, broker.Queue(GetDestination(endpoint)), life, prefetch, report);
    }

    private async Task EnterAsync(Operation operation, CancellationToken cancellationToken)
    {
        await life.EnterAsync(operation);
        cancellationToken.ThrowIfCancellationRequested();
        if (life.Happens(FaultKind.ChannelClosed, operation))
        {
            throw new SimulatedBrokerException();
        }
    }
}

/// <summary>What a client of a broker throws when its channel has closed.</summary>
internal sealed class SimulatedBrokerException() : Exception("simulated: the channel is closed");
