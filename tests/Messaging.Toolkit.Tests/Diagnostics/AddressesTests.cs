using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>What the place is called that a message is for.</summary>
public sealed class AddressesTests
{
    private readonly Addresses addresses = Create();

    [Theory]
    [InlineData("shop.order-placed", null, "shop.order-placed", "shop.order-placed")]
    [InlineData("billing.charge-card", null, "billing", "billing")]
    [InlineData("shop.order-placed", "billing", "billing", "billing")]
    [InlineData("shop.order-placed", "endpoint.of.another.application", "endpoint.of.another.application", "_OTHER")]
    [InlineData("what somebody else has written", null, "what somebody else has written", "_OTHER")]
    public void It_is_the_endpoint_or_the_event_and_on_metrics_only_what_is_registered(string type, string? recipient, string onSpans, string onMetrics)
    {
        var envelope = new MessageEnvelope { Id = default, Type = type, Recipient = recipient, Source = "/", Time = default, ContentType = "c", ConversationId = default, Body = default };

        (addresses.Of(envelope), addresses.OnMetrics(envelope)).Should().Be((onSpans, onMetrics));
    }

    private static Addresses Create()
    {
        var services = new ServiceCollection();
        services.AddMessaging(messaging =>
        {
            messaging.Stores.Add("shop");
            messaging.Event<OrderPlaced>(e => e.Named("shop.order-placed")).UseTransport("any", (_, _) => null!).Command<ChargeCard>(c => c.Named("billing.charge-card").To("billing"));
        });
        return new(services.Select(service => service.ImplementationInstance).OfType<MessagingModel>().Single());
    }

    private sealed record OrderPlaced;

    private sealed record ChargeCard;
}
