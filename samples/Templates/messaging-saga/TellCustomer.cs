using Messaging.Toolkit;

namespace MessagingSaga;

/// <summary>Whoever subscribes to the event hears of it, and the saga does not wait for that.</summary>
sealed class TellCustomer(ILogger<TellCustomer> logger) : IHandle<CheckoutCompleted>
{
    public Task HandleAsync(CheckoutCompleted message, MessageContext context, CancellationToken cancellationToken)
    {
        logger.LogInformation("Order {OrderId} is complete.", message.OrderId);
        return Task.CompletedTask;
    }
}
