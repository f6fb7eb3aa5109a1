namespace Messaging.Toolkit.RabbitMQ;

/// <summary>What kind of queue an endpoint has.</summary>
public enum QueueType
{
    /// <summary>Replicated and safe on disk before it confirms. The default.</summary>
    Quorum,

    /// <summary>On one node, and durable. Faster to confirm; unavailable while its node is.</summary>
    Classic,
}
