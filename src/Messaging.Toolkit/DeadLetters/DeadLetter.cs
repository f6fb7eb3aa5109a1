namespace Messaging.Toolkit.DeadLetters;

/// <summary>A message that could not be handled or delivered, whole: nothing that is needed to handle it later is lost.</summary>
public sealed record DeadLetter
{
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

    /// <summary>The failure behind it, with its stack; null if there was none.</summary>
    public string? Failure { get; init; }

    /// <summary>How often it was tried.</summary>
    public required int Attempts { get; init; }
}
