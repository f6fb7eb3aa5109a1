using System.Net;
using System.Net.Sockets;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests;

/// <summary>What cannot work says why, and gives no password away.</summary>
public sealed class StartTests
{
    [Theory]
    [InlineData("amqp://guest:secret-word@{0}:{1}", "*ACCESS_REFUSED*")]
    [InlineData("amqp://guest:guest@{0}:{1}/nowhere", "*virtual host 'nowhere'*not found*")]
    [InlineData("amqp://guest:secret-word@{0}:1", "*{0}:1*")]
    [InlineData("amqps://guest:secret-word@{0}:{1}", "*{0}:{1}*")]
    public async Task A_broker_that_cannot_be_connected_to_is_named(string uri, string expected)
    {
        await using var line = new Line();
        line.Options.Uri = new Uri(string.Format(uri, Server.Uri.Host, Server.Uri.Port));

        var open = () => line.Transport.OpenSenderAsync(default).AsTask();
        var failure = (await open.Should().ThrowAsync<MessagingException>().WithMessage("No connection to RabbitMQ at " + string.Format(expected, Server.Uri.Host, Server.Uri.Port))).Which;

        failure.ToString().Should().NotContain("secret-word");
        line.Options.Uri = Server.Uri;
    }

    [Fact]
    public async Task A_host_that_accepts_and_says_nothing_is_given_up()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var line = new Line(options => options.Connection = factory =>
        {
            factory.RequestedConnectionTimeout = TimeSpan.FromSeconds(2);
            factory.HandshakeContinuationTimeout = TimeSpan.FromSeconds(2);
        });
        line.Options.Uri = new Uri($"amqp://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}");

        var open = () => line.Transport.OpenReceiverAsync("worker", 10, default).AsTask().WaitAsync(Line.Patience);
        await open.Should().ThrowAsync<MessagingException>().WithMessage("No connection to RabbitMQ*");
        line.Options.Uri = Server.Uri;
    }

    [Fact]
    public async Task A_queue_that_is_different_is_named_with_what_to_do()
    {
        await using var line = new Line();
        await Line.BareAsync(channel => channel.QueueDeclareAsync(line.Queue, durable: true, exclusive: false, autoDelete: false));

        var open = () => line.Transport.OpenReceiverAsync("worker", 10, default).AsTask();

        await open.Should().ThrowAsync<MessagingException>().WithMessage($"The queue '{line.Queue}' exists and is not as it is configured here:*inequivalent arg*DeclareTopology*");
    }

    [Fact]
    public async Task Who_manages_the_topology_himself_is_left_alone()
    {
        await using var line = new Line(options => options.DeclareTopology = false);
        var open = () => line.Transport.OpenReceiverAsync("worker", 10, default).AsTask();
        await open.Should().ThrowAsync<Exception>().Where(exception => exception.ToString().Contains("no queue"));

        await Line.BareAsync(async channel =>
        {
            await channel.ExchangeDeclareAsync(line.Queue + ":commands", ExchangeType.Topic, durable: true);
            await channel.QueueDeclareAsync(line.Queue, durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync(line.Queue, line.Queue + ":commands", "#");
            return true;
        });
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope(5, type: Line.Work));

        (await Line.ReceiveAsync(await line.OpenReceiverAsync(), 1)).Select(Line.NumberOf).Should().Equal(5);
    }
}
