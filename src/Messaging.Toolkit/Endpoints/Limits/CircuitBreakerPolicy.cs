namespace Messaging.Toolkit.Endpoints.Limits;

/// <summary>When a circuit opens and closes.</summary>
/// <param name="FailureRatio">It opens when this part of the attempts has failed.</param>
/// <param name="Window">Attempts that are older are forgotten.</param>
/// <param name="MinimumThroughput">It does not open before there were as many.</param>
/// <param name="BreakDuration">How long it stays open.</param>
/// <param name="Probes">How many messages must succeed, one after another, until it closes.</param>
/// <param name="Counts">Which failures count. The others count as successes: whatever the handlers depend on has answered.</param>
internal sealed record CircuitBreakerPolicy(
    double FailureRatio, TimeSpan Window, int MinimumThroughput, TimeSpan BreakDuration, int Probes, Func<Exception, bool> Counts);
