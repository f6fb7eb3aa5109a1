namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>An endpoint has handled a message: written in the transaction of the handler's own changes.</summary>
public sealed class ClaimRow
{
    /// <summary>The endpoint; "$transaction" for the token of a transaction that may be retried.</summary>
    public required string Endpoint { get; set; }

    /// <summary>The message.</summary>
    public Guid MessageId { get; set; }

    /// <summary>When, by the database's clock, in UTC.</summary>
    public DateTime ClaimedAt { get; set; }
}
