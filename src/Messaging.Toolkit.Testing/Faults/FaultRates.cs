using System.Collections.Immutable;

namespace Messaging.Toolkit.Testing;

/// <summary>
/// How probable each fault is each time that it could happen: at a statement, a commit, a handler, a message. A run has
/// a few thousand of such moments. Immutable.
/// </summary>
public sealed class FaultRates
{
    private readonly ImmutableSortedDictionary<FaultKind, double> rates;

    private FaultRates(ImmutableSortedDictionary<FaultKind, double> rates) => this.rates = rates;

    /// <summary>Nothing goes wrong.</summary>
    public static FaultRates None { get; } = new(ImmutableSortedDictionary<FaultKind, double>.Empty);

    /// <summary>Everything goes wrong now and then.</summary>
    public static FaultRates All { get; } = None
        .With(FaultKind.Crash, 0.002)
        .With(FaultKind.Freeze, 0.001)
        .With(FaultKind.Restart, 0.0005)
        .With(FaultKind.SlowDatabase, 0.005)
        .With(FaultKind.StatementFails, 0.005)
        .With(FaultKind.ConnectionLost, 0.003)
        .With(FaultKind.CommitFails, 0.02)
        .With(FaultKind.ReplyLost, 0.02)
        .With(FaultKind.HandlerFails, 0.05)
        .With(FaultKind.SlowHandler, 0.02)
        .With(FaultKind.Duplicate, 0.05)
        .With(FaultKind.Returned, 0.02)
        .With(FaultKind.ConfirmLost, 0.005)
        .With(FaultKind.ChannelClosed, 0.005)
        .With(FaultKind.Rebalance, 0.01)
        .With(FaultKind.SlowBroker, 0.01)
        .With(FaultKind.BrokerRestart, 0.001)
        .With(FaultKind.Blocked, 0.002)
        .With(FaultKind.QueueDeleted, 0.01);

    /// <summary>The rate of a fault: 0 if it never happens.</summary>
    public double this[FaultKind kind] => rates.GetValueOrDefault(kind);

    /// <summary>The faults that can happen.</summary>
    public IEnumerable<FaultKind> Kinds => rates.Keys;

    /// <summary>These rates, with another one for a fault.</summary>
    /// <param name="kind">The fault.</param>
    /// <param name="rate">From 0 (never) to 1 (always).</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is no probability.</exception>
    public FaultRates With(FaultKind kind, double rate)
    {
        if (rate is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, $"The rate of {kind} is a probability: set it between 0 and 1.");
        }

        return new(rate > 0 ? rates.SetItem(kind, rate) : rates.Remove(kind));
    }

    /// <summary>These rates, without some of the faults.</summary>
    public FaultRates Without(params ReadOnlySpan<FaultKind> kinds)
    {
        var rest = this;
        foreach (var kind in kinds)
        {
            rest = rest.With(kind, 0);
        }

        return rest;
    }

    /// <summary>These rates, for some of the faults and no other.</summary>
    public FaultRates Only(params ReadOnlySpan<FaultKind> kinds)
    {
        var rest = None;
        foreach (var kind in kinds)
        {
            rest = rest.With(kind, this[kind]);
        }

        return rest;
    }
}
