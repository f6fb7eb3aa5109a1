namespace Messaging.Toolkit.DeadLetters;

/// <summary>A message that could not be handled or delivered, whole: nothing that is needed to handle it later is lost.</summary>
public sealed record DeadLetter
{
    /// <summary>Its place among the dead letters of its store, in which they are read and replayed. 0 as long as it is not stored.</summary>
    public long Id { get; init; }

    /// <summary>Who gave it up.</summary>
    public DeadLetterOrigin Origin { get; init; }

    /// <summary>The endpoint that could not handle it, or the destination it could not be brought to.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The message's id.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The message's name as it arrived, known or not.</summary>
    public required string Type { get; init; }

    /// <summary>The ordering key, or null.</summary>
    public string? Key { get; init; }

    /// <summary>The other attributes as they arrived, readable or not.</summary>
    public required string Headers { get; init; }

    /// <summary>The body as it arrived, byte for byte.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The class of the exception behind it; null if there was none.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>The failure behind it, with its stack; null if there was none.</summary>
    public string? Failure { get; init; }

    /// <summary>How often it was tried, at least once. Attempts that the store's failures have ended were waited out and do not count.</summary>
    public required int Attempts { get; init; }

    /// <summary>When it failed for the first time, by the store's clock. Set by the store.</summary>
    public DateTimeOffset FirstFailedAt { get; init; }

    /// <summary>When it was given up, by the store's clock. Set by the store.</summary>
    public DateTimeOffset DeadAt { get; init; }
}
