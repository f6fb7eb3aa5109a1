namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>A message that waits at an endpoint: for its next attempt, or behind an earlier one of its key that does.</summary>
public sealed class ParkedRow
{
    /// <summary>Its place: within an endpoint and a key, smaller numbers come first.</summary>
    public long Id { get; set; }

    /// <summary>The endpoint that is to handle it.</summary>
    public required string Endpoint { get; set; }

    /// <summary>The message's id.</summary>
    public Guid MessageId { get; set; }

    /// <summary>The message's name as it arrived.</summary>
    public required string Type { get; set; }

    /// <summary>The ordering key, or null.</summary>
    public string? Key { get; set; }

    /// <summary>The other attributes, as a JSON object.</summary>
    public required string Headers { get; set; }

    /// <summary>The body as it arrived, byte for byte.</summary>
    public required byte[] Body { get; set; }

    /// <summary>How often its handlers have failed; 0 if it has only waited so far. Failures of the database are waited out and do not count.</summary>
    public int Attempts { get; set; }

    /// <summary>How many of the delays of its ladder are used up.</summary>
    public int Delays { get; set; }

    /// <summary>When it failed for the first time, by the database's clock, in UTC; null if it has not failed.</summary>
    public DateTime? FirstFailedAt { get; set; }

    /// <summary>When it is tried, by the database's clock, in UTC; null while it waits behind another, or holds its key from the dead letters.</summary>
    public DateTime? DueAt { get; set; }
}
