using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports;

/// <summary>
/// A transport under another name than its own. Its destinations end with that name, so that no other transport has them: what waits in the outbox
/// says by which one it goes, whatever else is registered beside it. A transport under its own name needs none of this, and what waits for it is
/// understood whether it is the only one or not.
/// </summary>
internal sealed class NamedTransport(string name, ITransport transport) : ITransport
{
    /// <summary>It is in no name of a message, an endpoint or a transport.</summary>
    private const char Separator = '@';

    public string Name => name;

    /// <summary>The kind of a transport, whatever the application calls it: the value of <c>messaging.system</c>.</summary>
    public static string SystemOf(ITransport transport) => transport is NamedTransport named ? named.System : transport.Name;

    private string System => transport.Name;

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => [.. transport.GetDestinations(type, subscribers).Select(Outer)];

    public string GetDestination(string endpoint) => Outer(transport.GetDestination(endpoint));

    public string? DeadLetterDestination => transport.DeadLetterDestination is { } destination ? Outer(destination) : null;

    public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken) => new Sender(this, await transport.OpenSenderAsync(cancellationToken));

    public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
        => transport.OpenReceiverAsync(endpoint, prefetch, cancellationToken);

    public Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken) => transport.ExamineAsync(cancellationToken);

    private string Outer(string destination) => destination + Separator + name;

    private string Inner(string destination) => destination[..^(name.Length + 1)];

    private sealed class Sender(NamedTransport named, ISender sender) : ISender
    {
        public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
            => sender.SendAsync([.. messages.Select(message => message with { Destination = named.Inner(message.Destination) })], cancellationToken);

        public ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken) => sender.ReadResultsAsync(cancellationToken);

        public ValueTask DisposeAsync() => sender.DisposeAsync();
    }
}
