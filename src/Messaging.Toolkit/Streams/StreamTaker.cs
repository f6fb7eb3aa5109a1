using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Streams;

/// <summary>Takes streams for endpoints, each in the store that its handlers' transactions run in.</summary>
internal sealed class StreamTaker(MessagingModel model, StoreCollection stores)
{
    /// <summary>Takes streams one after another. One that cannot be taken, because somebody is in the middle of moving its position, keeps no other from being taken.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="streams">Their names.</param>
    /// <param name="memory">How many ids of each are remembered.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The positions, in the order of the names, null where it has failed; and why the last one has.</returns>
    public async Task<(IReadOnlyList<StreamPosition?> Positions, Exception? Failure)> TakeAsync(string endpoint, IReadOnlyCollection<string> streams, int memory, CancellationToken cancellationToken)
    {
        var store = stores.Get(model.Endpoints.Single(each => each.Name == endpoint).Store);
        var positions = new List<StreamPosition?>(streams.Count);
        Exception? failure = null;
        foreach (var stream in streams)
        {
            try
            {
                positions.Add(new StreamPosition(endpoint, stream, await store.Streams.TakeAsync(endpoint, stream, memory, model.Inbox.Retention, cancellationToken), memory));
            }
            catch (Exception exception)
            {
                positions.Add(null);
                failure = exception;
            }
        }

        return (positions, failure);
    }
}
