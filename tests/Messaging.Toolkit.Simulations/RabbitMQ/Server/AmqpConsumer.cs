namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>Who gets messages of one queue, on a channel.</summary>
internal sealed class AmqpConsumer(ServerChannel channel, AmqpQueue queue, string tag, int prefetch, bool autoAck)
{
    public ServerChannel Channel => channel;

    public AmqpQueue Queue => queue;

    public string Tag => tag;

    public bool AutoAck => autoAck;

    /// <summary>How many it has and has not acknowledged.</summary>
    public int Held { get; set; }

    public bool HasCredit => autoAck || prefetch == 0 || Held < prefetch;
}
