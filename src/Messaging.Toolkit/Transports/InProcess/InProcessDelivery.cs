using System.Threading.Channels;

namespace Messaging.Toolkit.Transports.InProcess;

/// <summary>A delivery that knows the sender that waits for its end.</summary>
internal sealed class InProcessDelivery(TransportMessage message, ChannelWriter<SendResult> results) : Delivery(message.Envelope)
{
    public void Settle(Settlement settlement)
        => results.TryWrite(new SendResult(message.Token, settlement == Settlement.Done ? SendStatus.Confirmed : SendStatus.Returned));
}
