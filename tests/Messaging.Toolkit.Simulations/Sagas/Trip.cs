namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>What the saga of a trip knows.</summary>
internal sealed class Trip
{
    public required string Name { get; init; }

    /// <summary>How each step goes, and how its compensation does, under "undo " and the step. What is not there goes well.</summary>
    public Dictionary<string, Turn> Turns { get; init; } = [];

    /// <summary>Who has confirmed, in the order in which the instance heard of it.</summary>
    public List<string> Confirmations { get; init; } = [];

    public Book Book(string step) => new(Name, step, TurnOf(step));

    public Cancel Cancel(string step) => new(Name, step, TurnOf(UndoOf(step)));

    public Turn TurnOf(string what) => Turns.GetValueOrDefault(what) ?? Turn.Well;

    public static string UndoOf(string step) => "undo " + step;
}

/// <summary>How something goes.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="Times">How often, if that is counted.</param>
/// <param name="Until">How long, if it takes time.</param>
internal sealed record Turn(TurnKind Kind, int Times = 0, DateTimeOffset Until = default)
{
    public static readonly Turn Well = new(TurnKind.Succeed);
}

internal enum TurnKind
{
    Succeed,

    /// <summary>Says no, so many times.</summary>
    Refuse,

    /// <summary>Throws in so many attempts of a process at a message.</summary>
    Throw,

    /// <summary>Throws until a time: its messages end in the dead letters until then.</summary>
    Away,

    /// <summary>Does it, and replies when it is prompted.</summary>
    ReplyLater,

    /// <summary>Replies twice, under different ids.</summary>
    ReplyTwice,

    /// <summary>Does not return before its time is over.</summary>
    Hang,
}

internal sealed record Book(string Trip, string Step, Turn Turn);

internal sealed record Cancel(string Trip, string Step, Turn Turn);

/// <summary>What a trip's services still owe to it is to be replied now, and from now on at once.</summary>
internal sealed record Prompt(string Trip);

internal sealed record Booked(string Step);

internal sealed record Refused(string Reason);

internal sealed record TripReady(string Trip);
