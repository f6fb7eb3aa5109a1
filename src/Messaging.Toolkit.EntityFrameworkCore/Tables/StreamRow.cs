namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>How far an endpoint is in a stream: moved in the transactions of the handlers' own changes.</summary>
public sealed class StreamRow
{
    /// <summary>The endpoint.</summary>
    public required string Endpoint { get; set; }

    /// <summary>The stream: of Kafka the transport's name, the topic and the partition, with slashes between.</summary>
    public required string Stream { get; set; }

    /// <summary>Grows by one each time that a process takes the stream. Only the last one moves the row.</summary>
    public long Epoch { get; set; }

    /// <summary>The offset to go on with; -1 if nothing has been handled yet.</summary>
    public long Next { get; set; }

    /// <summary>Until when what comes may have been claimed before positions were kept, by the database's clock, in UTC; null if nothing was.</summary>
    public DateTime? ClaimsUntil { get; set; }
}
