using System.Text.Json.Serialization;

namespace Messaging.Toolkit.NativeAot;

sealed record OrderPlaced(Guid OrderId, decimal Total);

sealed record ChargeCard(Guid OrderId, decimal Amount);

sealed record Shipped(Guid OrderId);

[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(ChargeCard))]
[JsonSerializable(typeof(Shipped))]
sealed partial class SmokeJson : JsonSerializerContext;

sealed class OrderPlacedHandler : IHandle<OrderPlaced>
{
    public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Send(new ChargeCard(message.OrderId, message.Total));
        return Task.CompletedTask;
    }
}

sealed class ChargeCardHandler(Outcome outcome) : IHandle<ChargeCard>
{
    public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
    {
        outcome.Charged.TrySetResult(message);
        return Task.CompletedTask;
    }
}

sealed class ShippedHandler : IHandle<Shipped>
{
    public Task HandleAsync(Shipped message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}

sealed class Outcome
{
    public TaskCompletionSource<ChargeCard> Charged { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
