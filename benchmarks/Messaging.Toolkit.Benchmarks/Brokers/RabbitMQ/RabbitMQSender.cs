using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Benchmarks.Brokers.RabbitMQ;

/// <summary>
/// Publishes with the bare client as fast as it can be told to: one channel, confirms on and counted here, mandatory, persistent.
/// A nack, a return or a closed channel ends it.
/// </summary>
internal sealed class RabbitMQSender
{
    /// <summary>How many messages are under way at most. Found by trying: 250 are slower, and from 500 to 50,000 no difference could be measured.</summary>
    private const int Window = 2_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim room = new(Window);
    private readonly bool[] isConfirmed;
    private int oldest;
    private int confirmed;

    private RabbitMQSender(int messages) => isConfirmed = new bool[messages];

    /// <summary>Publishes messages and waits until each is confirmed.</summary>
    public static async Task SendAsync(IConnection connection, string exchange, IReadOnlyList<RabbitMQMessage> messages)
    {
        var sender = new RabbitMQSender(messages.Count);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false));
        channel.BasicAcksAsync += sender.OnAckAsync;
        channel.BasicNacksAsync += (_, _) => sender.FailAsync("The broker has refused a message.");
        channel.BasicReturnAsync += (_, returned) => sender.FailAsync($"A message was returned: {returned.ReplyText}.");
        channel.ChannelShutdownAsync += (_, reason) => sender.FailAsync($"The channel was closed: {reason.ReplyText}.");
        foreach (var message in messages)
        {
            await sender.WaitForRoomAsync();
            await channel.BasicPublishAsync(exchange, message.RoutingKey, mandatory: true, message.Properties, message.Body);
        }

        await sender.end.Task.WaitAsync(Patience);
    }

    private async ValueTask WaitForRoomAsync()
    {
        var waiting = room.WaitAsync();
        if (!waiting.IsCompleted && await Task.WhenAny(waiting, end.Task).WaitAsync(Patience) != waiting)
        {
            await end.Task;
        }
    }

    /// <summary>The broker counts from 1.</summary>
    private Task OnAckAsync(object sender, BasicAckEventArgs ack)
    {
        var before = confirmed;
        for (var number = ack.Multiple ? oldest : (int)ack.DeliveryTag - 1; number < (int)ack.DeliveryTag; number++)
        {
            confirmed += isConfirmed[number] ? 0 : 1;
            isConfirmed[number] = true;
        }

        while (oldest < isConfirmed.Length && isConfirmed[oldest])
        {
            oldest++;
        }

        room.Release(confirmed - before);
        if (confirmed == isConfirmed.Length)
        {
            end.TrySetResult();
        }

        return Task.CompletedTask;
    }

    private Task FailAsync(string why)
    {
        end.TrySetException(new InvalidOperationException(why));
        return Task.CompletedTask;
    }
}
