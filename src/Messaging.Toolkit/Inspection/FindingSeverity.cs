namespace Messaging.Toolkit.Inspection;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>It is as it should be, or simply so.</summary>
    Fine,

    /// <summary>It works, and something about it should be known: it may be slower, or less safe, than it could be.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Error,
}
