using System.Net;
using System.Net.Sockets;
using Messaging.Toolkit.Kafka.Tests.Cluster;

namespace Messaging.Toolkit.Kafka.Tests;

/// <summary>What cannot work says why, and gives no password away.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task Brokers_that_do_not_answer_are_named()
    {
        await using var line = await Line.OpenAsync();
        line.Options.BootstrapServers = "127.0.0.1:1";

        await line.NewTransport().Invoking(transport => transport.OpenSenderAsync(default).AsTask()).Should().ThrowAsync<MessagingException>().WithMessage("No connection to Kafka at 127.0.0.1:1: *");
        await line.NewTransport().Invoking(transport => transport.OpenReceiverAsync("worker", 10, default).AsTask()).Should().ThrowAsync<MessagingException>().WithMessage("No connection to Kafka at 127.0.0.1:1: *");
    }

    [Fact]
    public async Task Opening_is_given_up_at_once_when_the_host_stops()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var line = await Line.OpenAsync();
        line.Options.BootstrapServers = $"127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";
        using var stopping = new CancellationTokenSource();
        var opening = line.NewTransport().OpenReceiverAsync("worker", 10, stopping.Token).AsTask();

        stopping.Cancel();

        await opening.Invoking(task => task.WaitAsync(TimeSpan.FromSeconds(2))).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_broker_that_does_not_speak_TLS_or_know_the_user_is_named_without_the_password()
    {
        await using var line = await Line.OpenAsync();
        line.Options.Properties["security.protocol"] = "sasl_ssl";
        line.Options.Properties["sasl.mechanism"] = "PLAIN";
        line.Options.Properties["sasl.username"] = "somebody";
        line.Options.Properties["sasl.password"] = "secret-word";

        var failure = (await line.NewTransport().Invoking(transport => transport.OpenSenderAsync(default).AsTask()).Should().ThrowAsync<MessagingException>().WithMessage("No connection to Kafka at *")).Which;

        failure.ToString().Should().NotContain("secret-word");
    }

    [Theory]
    [InlineData("no.such.property", "secret-word")]
    [InlineData("security.protocol", "secret-word")]
    public async Task Properties_that_the_client_does_not_know_are_named_and_their_values_are_not(string name, string value)
    {
        await using var line = await Line.OpenAsync();
        line.Options.Properties[name] = value;

        var failure = (await line.NewTransport().Invoking(transport => transport.OpenSenderAsync(default).AsTask()).Should().ThrowAsync<MessagingException>().WithMessage($"The Kafka client refuses its configuration: *{name}*")).Which;

        failure.ToString().Should().NotContain(value);
    }

    [Fact]
    public async Task A_topic_that_is_missing_and_may_not_be_created_is_named()
    {
        await using var line = await Line.OpenAsync(options => options.CreateTopics = false);
        line.Options.EventTopic = _ => "missing";

        await line.NewTransport().Invoking(transport => transport.OpenReceiverAsync("worker", 10, default).AsTask()).Should().ThrowAsync<MessagingException>()
            .WithMessage($"The topic '{line.Options.Prefix}missing' cannot be received from: it is missing*CreateTopics*");
    }
}
