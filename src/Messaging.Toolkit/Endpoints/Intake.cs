using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// Where messages of one transport come into an endpoint. Each has a share of what the endpoint holds, so that a transport that brings much, or a
/// line of which nothing is settled, leaves room to the others.
/// </summary>
/// <param name="transport">The transport.</param>
/// <param name="transports">All of the application.</param>
/// <param name="state">Whether messages can be received.</param>
/// <param name="time">The clock.</param>
internal sealed class Intake(ITransport transport, TransportCollection transports, WorkState state, TimeProvider time)
{
    /// <summary>The transport's name if it is not the only one; to be added to what is said of the endpoint.</summary>
    public string Suffix { get; } = transports.AreSeveral ? $" from {transport.Name}" : "";

    /// <summary>The kind of transport.</summary>
    public string System { get; } = NamedTransport.SystemOf(transport);

    /// <summary>Is set when there may be room for more.</summary>
    public Signal Room { get; } = new(time);

    /// <summary>Is set when no handler runs any more.</summary>
    public Signal Idle { get; } = new(time);

    public WorkState State => state;

    /// <summary>How many of its messages wait in the endpoint or run.</summary>
    public int Held { get; set; }

    public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
        => transport.OpenReceiverAsync(endpoint, prefetch, cancellationToken);

    /// <summary>
    /// Whoever asks from another application is answered over the transport by which he asked, however late. One that a message names already is
    /// this application's own word: it has sent itself the message on.
    /// </summary>
    public void NoteOrigin(Delivery delivery)
    {
        if (transports.AreSeveral && delivery.Envelope.ReplyTo is { } asker && transports.Find(asker.Via) is null)
        {
            delivery.Envelope = delivery.Envelope.ReplyingVia(transport.Name);
        }
    }
}
