using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>
/// Brings messages from the outbox to endpoints. A transport is naive: it throws what goes wrong and leaves every
/// decision about retrying, parking and dead-lettering to the core.
/// </summary>
public interface ITransport
{
    /// <summary>
    /// Names the kind of transport in logs and health reports; for brokers the value of <c>messaging.system</c>. It is also the name by which applications
    /// choose it, unless they register it under another one.
    /// </summary>
    string Name { get; }

    /// <summary>Where a message must be brought so that it reaches everybody concerned. Pure; called for each message published.</summary>
    /// <param name="type">The type of the message.</param>
    /// <param name="subscribers">The endpoints of this application that handle it.</param>
    /// <returns>One outbox row is written for each.</returns>
    IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers);

    /// <summary>Where a message must be brought so that it reaches one endpoint, of this application or of another: its envelope names it as the recipient. Pure.</summary>
    /// <remarks>
    /// Relays bring messages to the destinations of their application's types and endpoints. If this is none of them, the message waits in
    /// the outbox for a relay that knows it.
    /// </remarks>
    /// <param name="endpoint">The endpoint's name.</param>
    string GetDestination(string endpoint);

    /// <summary>
    /// Where a copy of each dead letter of an endpoint that it receives for is brought, besides the store, which remains the truth; null, the default, if nowhere.
    /// Constant, and no other message's destination. Copies say by their headers whose they are and why, see <see cref="DeadLetterHeaders"/>.
    /// </summary>
    string? DeadLetterDestination => null;

    /// <summary>Opens a way to send. Each relay opens its own, and a new one after a failure.</summary>
    ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken);

    /// <summary>Opens a way to receive for one endpoint. Each endpoint opens its own, and a new one after a failure.</summary>
    /// <param name="endpoint">The endpoint's name.</param>
    /// <param name="prefetch">How many deliveries may be received and not yet settled.</param>
    /// <param name="cancellationToken">Gives up opening.</param>
    ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken);

    /// <summary>Looks at the broker, for <see cref="IMessagingInspector.DiagnoseAsync"/>: whether everything is there, and how safe it is. By default there is nothing to say.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Finding>>([]);
}
