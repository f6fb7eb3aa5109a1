using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace Messaging.Toolkit.RabbitMQ.Connections;

internal static class ChannelReaderExtensions
{
    /// <summary>Waits for something, and takes what else is there.</summary>
    /// <param name="reader">Where it comes.</param>
    /// <param name="max">How much to take at most.</param>
    /// <param name="cancellationToken">Gives up waiting; nothing is lost.</param>
    public static async ValueTask<IReadOnlyList<T>> ReadBatchAsync<T>(this ChannelReader<T> reader, int max, CancellationToken cancellationToken)
    {
        var batch = new List<T>();
        try
        {
            batch.Add(await reader.ReadAsync(cancellationToken));
        }
        catch (ChannelClosedException closed) when (closed.InnerException is { } reason)
        {
            // What has ended it says more than that it has ended.
            ExceptionDispatchInfo.Throw(reason);
        }

        while (batch.Count < max && reader.TryRead(out var next))
        {
            batch.Add(next);
        }

        return batch;
    }
}
