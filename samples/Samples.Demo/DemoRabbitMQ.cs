using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Samples.Hosting;

namespace Samples.Demo;

/// <summary>A share of RabbitMQ for one run.</summary>
public sealed class DemoRabbitMQ : DemoBroker
{
    private const string ServerVariable = "MESSAGING_TEST_RABBITMQ";
    private const string DeadLetters = "dead-letters";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly RabbitMQBroker settings;
    private readonly IReadOnlyList<string> endpoints;
    private readonly IReadOnlyList<string> messages;

    private DemoRabbitMQ(RabbitMQBroker settings, IReadOnlyList<string> endpoints, IReadOnlyList<string> messages)
    {
        this.settings = settings;
        this.endpoints = endpoints;
        this.messages = messages;
    }

    public override Broker Settings => settings;

    /// <summary>Names a new one: the broker remembers queues longer than the run lasts. The application declares them.</summary>
    /// <param name="endpoints">All of the application's.</param>
    /// <param name="messages">The names of all messages that they handle.</param>
    public static DemoRabbitMQ New(IReadOnlyList<string> endpoints, IReadOnlyList<string> messages) => Uri.TryCreate(Environment.GetEnvironmentVariable(ServerVariable), UriKind.Absolute, out var uri)
        ? new DemoRabbitMQ(new RabbitMQBroker(uri, NewPrefix()), endpoints, messages)
        : throw new DemoException($"{ServerVariable} names no broker: run this by eng/demo, which starts one.");

    /// <summary>
    /// Waits until every endpoint consumes its queue. Before that no work must be given to it: an event that comes before the queue
    /// of a subscriber is lost to it, and without any queue it is a dead letter. Later it does not matter who is dead.
    /// </summary>
    public override Task UntilConsumedAsync(CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        var started = Stopwatch.StartNew();
        foreach (var endpoint in endpoints)
        {
            while (!await IsConsumedAsync(connection, endpoint, cancellationToken))
            {
                if (started.Elapsed > StartLimit)
                {
                    throw new DemoException($"Nobody consumes the queue of {endpoint} after {StartLimit.TotalSeconds} s.");
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
    }, cancellationToken);

    public override Task DropAsync() => UseAsync(async connection =>
    {
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in endpoints.Append(DeadLetters))
        {
            await channel.QueueDeleteAsync(settings.Prefix + queue, ifUnused: false, ifEmpty: false);
        }

        foreach (var exchange in messages.Append(DeadLetters))
        {
            await channel.ExchangeDeleteAsync(settings.Prefix + exchange); // There is none for a command; that is no error.
        }
    }, CancellationToken.None);

    /// <summary>The queue is bound by then: that comes first.</summary>
    private async Task<bool> IsConsumedAsync(IConnection connection, string endpoint, CancellationToken cancellationToken)
    {
        try
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken); // A question for a queue that is not there closes it.
            return (await channel.QueueDeclarePassiveAsync(settings.Prefix + endpoint, cancellationToken)).ConsumerCount > 0;
        }
        catch (OperationInterruptedException)
        {
            return false;
        }
    }

    private async Task UseAsync(Func<IConnection, Task> use, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await use(connection);
    }

    private async Task<IConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await new ConnectionFactory { Uri = settings.Uri }.CreateConnectionAsync("eng/demo", cancellationToken);
        }
        catch (BrokerUnreachableException exception)
        {
            throw new DemoException($"RabbitMQ at {settings.Uri.Host}:{settings.Uri.Port} cannot be reached: {exception.InnerException?.Message ?? exception.Message}");
        }
    }
}
