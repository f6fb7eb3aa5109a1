namespace Messaging.Toolkit.Transports.InProcess;

/// <summary>A delivery that knows the sender that waits for its end.</summary>
internal sealed class InProcessDelivery(TransportMessage message, InProcessSender sender) : Delivery(message.Envelope)
{
    /// <summary>Whether it would overtake one of its key that was given back.</summary>
    public bool Overtakes => sender.IsReturning(message);

    public void Settle(Settlement settlement) => sender.Report(message, settlement);
}
