using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Messages;
using RabbitMQ.Client;

namespace OrderFulfilment.Tests;

/// <summary>The broker that <c>MESSAGING_TEST_RABBITMQ</c> names, under a prefix of its own.</summary>
public sealed class RabbitMQTestBroker
{
    private readonly string uri = Environment.GetEnvironmentVariable("MESSAGING_TEST_RABBITMQ")
                                  ?? throw new InvalidOperationException("MESSAGING_TEST_RABBITMQ is not set, so there is no broker to test with: run the tests by eng/test.");

    private readonly string prefix = $"t{Guid.NewGuid():N}.";

    public IEnumerable<string> Arguments => ["--transport", "rabbitmq", "--ConnectionStrings:RabbitMQ", uri, "--prefix", prefix];

    /// <summary>Deletes all that an application has declared.</summary>
    public async Task DeleteAsync(MessagingReport application)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(uri) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        string[] endpoints = [.. application.Endpoints.Select(endpoint => endpoint.Name)];
        foreach (var queue in endpoints.Append("dead-letters"))
        {
            await channel.QueueDeleteAsync(prefix + queue);
        }

        var events = application.Messages.Where(message => message.Kind == MessageKind.Event).Select(message => message.Name);
        foreach (var exchange in events.Concat(endpoints.Select(endpoint => endpoint + ":commands")).Append("dead-letters"))
        {
            await channel.ExchangeDeleteAsync(prefix + exchange);
        }
    }
}
