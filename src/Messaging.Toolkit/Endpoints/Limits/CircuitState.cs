namespace Messaging.Toolkit.Endpoints.Limits;

/// <summary>What a circuit breaker lets through.</summary>
internal enum CircuitState
{
    /// <summary>Everything.</summary>
    Closed,

    /// <summary>Nothing, for a time.</summary>
    Open,

    /// <summary>One message after another, to see how it goes.</summary>
    HalfOpen,
}
