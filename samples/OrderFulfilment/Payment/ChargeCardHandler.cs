using Messaging.Toolkit;

namespace OrderFulfilment.Payment;

/// <summary>
/// Charges a card. Here the bank is a rule; a real one is asked with <see cref="MessageContext.MessageId"/> as the
/// idempotency key: the id is the same in every attempt, so the bank recognizes one that it has seen.
/// </summary>
public sealed class ChargeCardHandler(FulfilmentDb db) : IHandle<ChargeCard>
{
    private const decimal Limit = 5_000m;

    public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
    {
        var declined = message switch
        {
            { Amount: > Limit } => "over the limit of the card",
            _ when message.CardToken.EndsWith("-declined", StringComparison.Ordinal) => "the bank declined the card",
            _ => null,
        };
        db.Payments.Add(new CardPayment { OrderId = message.OrderId, Amount = message.Amount, Declined = declined });
        context.Publish(declined is null ? new CardCharged(message.OrderId, message.Customer) : new CardDeclined(message.OrderId, message.Customer, declined));
        db.Note(message.OrderId, context);
        return Task.CompletedTask;
    }
}
