namespace Samples.Demo;

/// <summary>What is wrong, by the number that the last line tells.</summary>
public enum FindingKind
{
    Lost,
    Duplicated,
    OutOfOrder,

    /// <summary>It was begun, and is neither finished nor undone.</summary>
    HalfDone,

    /// <summary>Anything else: a wrong end, sums that do not balance, dead letters.</summary>
    Wrong,
}
