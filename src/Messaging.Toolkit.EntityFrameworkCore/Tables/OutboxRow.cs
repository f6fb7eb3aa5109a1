namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>A message that waits to be confirmed by its destination. A row that exists has not been confirmed.</summary>
public sealed class OutboxRow
{
    /// <summary>Drawn by the database while the transaction holds the locks of what it changed: within a key, the order of the commits.</summary>
    public long Id { get; set; }

    /// <summary>The message's id, the same for all its destinations.</summary>
    public Guid MessageId { get; set; }

    /// <summary>Where it goes: an endpoint, or an address of the broker.</summary>
    public required string Destination { get; set; }

    /// <summary>The share of the outbox it falls into, from 0 to 63.</summary>
    public int Bucket { get; set; }

    /// <summary>The ordering key, or null.</summary>
    public string? Key { get; set; }

    /// <summary>The message's registered name.</summary>
    public required string Type { get; set; }

    /// <summary>The other attributes, as a JSON object.</summary>
    public required string Headers { get; set; }

    /// <summary>The serialized message.</summary>
    public required byte[] Body { get; set; }

    /// <summary>When it was written, in UTC.</summary>
    public DateTime CreatedAt { get; set; }
}
