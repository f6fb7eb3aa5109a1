namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>A right that one process at a time holds: to relay a bucket, to keep house, or only to be counted.</summary>
public sealed class LeaseRow
{
    /// <summary>"bucket/00" to "bucket/63", "housekeeping", or "node/" and a process.</summary>
    public required string Name { get; set; }

    /// <summary>The process that holds it: machine, process id and a random part; null if nobody does.</summary>
    public string? Owner { get; set; }

    /// <summary>Grows by one with each change of the owner.</summary>
    public long Epoch { get; set; }

    /// <summary>When it ends unless it is renewed, by the database's clock, in UTC.</summary>
    public DateTime ExpiresAt { get; set; }
}
