namespace Messaging.Toolkit.Transports;

/// <summary>How a delivery ends.</summary>
public enum Settlement
{
    /// <summary>It is handled, was a duplicate, or is in the dead letters: it must not come again.</summary>
    Done,

    /// <summary>It was not handled and must come again, here or elsewhere.</summary>
    Abandon,
}
