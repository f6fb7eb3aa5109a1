using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.RabbitMQ.Topology;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.RabbitMQ.Tests.Topology;

/// <summary>Where messages are published to.</summary>
public sealed class RouteTests
{
    /// <summary>Its exchange was declared when it was sent over RabbitMQ. If it is there no more, that is a dead letter, and not tried again and again.</summary>
    [Fact]
    public void What_has_moved_to_another_transport_goes_to_its_exchange_which_is_not_declared_any_more()
    {
        var broker = new BrokerTopology(
            new RabbitMQOptions { Prefix = "p." },
            new MessageTopology { Types = [Line.Happened], Elsewhere = [Line.Changed, Line.Work], Endpoints = [] },
            NullLogger.Instance);

        broker.RouteOf(Line.Envelope(1))!.IsKnown.Should().BeTrue();
        broker.RouteOf(Line.Envelope(1, type: Line.Changed))!.Should().BeEquivalentTo(new { Exchange = "p.changed", IsEvent = true, IsKnown = false });
        broker.RouteOf(Line.Envelope(1, type: Line.Work))!.Should().BeEquivalentTo(new { Exchange = "p.worker:commands", IsEvent = false, IsKnown = false });
    }
}
