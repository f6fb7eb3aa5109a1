namespace Messaging.Toolkit.DeadLetters;

/// <summary>Which dead letters are meant: those that fit all that is said. Empty, it means all of them.</summary>
public sealed record DeadLetterQuery
{
    /// <summary>The store that they are in; null for the application's only one.</summary>
    public string? Store { get; init; }

    /// <summary>The endpoint that could not handle them, or the destination that they could not be brought to.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The message's id.</summary>
    public Guid? MessageId { get; init; }

    /// <summary>The message's registered name.</summary>
    public string? Type { get; init; }

    /// <summary>The ordering key.</summary>
    public string? Key { get; init; }

    /// <summary>The class of the exception, with its namespace.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>Who gave them up.</summary>
    public DeadLetterOrigin? Origin { get; init; }

    /// <summary>Given up at this time or later, by the store's clock.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Given up before this time, by the store's clock.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only those after this one, in the order in which they were given up: the <see cref="DeadLetter.Id"/> of the last one of the page before. Default 0.</summary>
    public long After { get; init; }

    /// <summary>Only those up to this one, itself included: the <see cref="DeadLetter.Id"/> of the last one that is meant. Null for all.</summary>
    public long? Through { get; init; }
}
