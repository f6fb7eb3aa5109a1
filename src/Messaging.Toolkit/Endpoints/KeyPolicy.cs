namespace Messaging.Toolkit.Endpoints;

/// <summary>What becomes of the later messages of a key when one of them is given up.</summary>
public enum KeyPolicy
{
    /// <summary>They go on without it. Replayed, it is handled after those that came meanwhile.</summary>
    SkipMessage,

    /// <summary>They are parked until it is replayed or discarded, and are handled after it, in order.</summary>
    HoldKey,
}
