namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>A message for one destination that is not due yet. When it is, it becomes a row of the outbox, and this one goes.</summary>
public sealed class ScheduleRow
{
    /// <summary>Drawn by the database: the order of messages that are due at one time.</summary>
    public long Id { get; set; }

    /// <summary>The name under which it can be cancelled, or null. Not unique.</summary>
    public string? ScheduleId { get; set; }

    /// <summary>When it leaves, by the database's clock, in UTC.</summary>
    public DateTime DueAt { get; set; }

    /// <summary>The message's id, the same for all its destinations.</summary>
    public Guid MessageId { get; set; }

    /// <summary>Where it goes: an endpoint, or an address of the broker.</summary>
    public required string Destination { get; set; }

    /// <summary>The share of the outbox it will fall into, from 0 to 63.</summary>
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
