using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Client;

internal static class Late
{
    /// <summary>Who asks to be told of an end is told at once if it has been: the client does it so.</summary>
    public static void Add(ref AsyncEventHandler<ShutdownEventArgs>? handlers, AsyncEventHandler<ShutdownEventArgs>? handler, object sender, ShutdownEventArgs? reason)
    {
        if (reason is null)
        {
            handlers += handler;
        }
        else
        {
            handler?.Invoke(sender, reason);
        }
    }
}
