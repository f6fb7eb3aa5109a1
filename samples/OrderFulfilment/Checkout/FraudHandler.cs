using Messaging.Toolkit;

namespace OrderFulfilment.Checkout;

/// <summary>At "payment": looks whether somebody is up to no good. Here by a rule; a real one asks a service, and may take its time.</summary>
public sealed class FraudHandler(FulfilmentDb db) : IHandle<CheckForFraud>
{
    private const decimal Suspicious = 40_000m;

    public Task HandleAsync(CheckForFraud message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Reply(message.Amount > Suspicious ? new FraudSuspected(message.OrderId, "the amount is unusual") : new FraudCleared(message.OrderId));
        db.Note(message.OrderId, context);
        return Task.CompletedTask;
    }
}
