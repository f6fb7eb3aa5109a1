using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Brokers;

/// <summary>A message that has come from a broker.</summary>
internal abstract class ReceivedMessage(OrderPlaced order)
{
    public OrderPlaced Order { get; } = order;

    public abstract Guid Id { get; }

    /// <summary>How long the names and values of its headers are.</summary>
    public abstract int HeaderBytes { get; }
}
