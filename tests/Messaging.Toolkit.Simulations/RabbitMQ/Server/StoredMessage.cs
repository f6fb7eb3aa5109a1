namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>A message in a queue.</summary>
/// <param name="publication">The message.</param>
/// <param name="place">Its place in the queue.</param>
/// <param name="committed">Called when the queue will not lose it any more.</param>
internal sealed class StoredMessage(Publication publication, long place, Action committed)
{
    public Publication Publication => publication;

    public long Place => place;

    public Action Committed => committed;

    /// <summary>Whether the queue will not lose it any more. Nobody gets it before.</summary>
    public bool IsCommitted { get; set; }

    /// <summary>How often it was given back.</summary>
    public int Returned { get; set; }
}

/// <summary>A message that a consumer has and has not acknowledged.</summary>
internal sealed record HandedOut(StoredMessage Message, AmqpConsumer Consumer);
