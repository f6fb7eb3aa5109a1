using Messaging.Toolkit.DeadLetters;

namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>A message that could not be handled or delivered, whole.</summary>
public sealed class DeadLetterRow
{
    /// <summary>Its place among the dead letters: they are read and replayed in this order.</summary>
    public long Id { get; set; }

    /// <summary>Who gave it up; a column of text, with its name.</summary>
    public DeadLetterOrigin Origin { get; set; }

    /// <summary>The endpoint that could not handle it, or the destination it could not be brought to.</summary>
    public required string Endpoint { get; set; }

    /// <summary>The message's id.</summary>
    public Guid MessageId { get; set; }

    /// <summary>The message's name as it arrived.</summary>
    public required string Type { get; set; }

    /// <summary>The ordering key, or null.</summary>
    public string? Key { get; set; }

    /// <summary>The other attributes as they arrived, as JSON.</summary>
    public required string Headers { get; set; }

    /// <summary>The body as it arrived, byte for byte.</summary>
    public required byte[] Body { get; set; }

    /// <summary>Why it is here, in a sentence.</summary>
    public required string Reason { get; set; }

    /// <summary>The class of the exception behind it, or null.</summary>
    public string? ExceptionType { get; set; }

    /// <summary>The failure with its stack, or null.</summary>
    public string? Failure { get; set; }

    /// <summary>How often it was tried. Attempts that the database's failures have ended were waited out and do not count.</summary>
    public int Attempts { get; set; }

    /// <summary>When it failed for the first time, by the database's clock, in UTC.</summary>
    public DateTime FirstFailedAt { get; set; }

    /// <summary>When it was given up, by the database's clock, in UTC.</summary>
    public DateTime DeadAt { get; set; }
}
