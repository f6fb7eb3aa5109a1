using Messaging.Toolkit.Testing.Conformance;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing;

/// <summary>
/// What every transport must do, as cases: inherit it, say how a transport is made, and run each of <see cref="CaseNames"/>. It needs
/// no test framework. docs/transports.md shows how cases become tests that cannot be forgotten.
/// </summary>
public abstract class TransportConformance
{
    /// <summary>The names of all cases: sentences, with underscores between the words.</summary>
    public static IReadOnlyList<string> CaseNames { get; } = [.. ConformanceCases.All.Keys];

    /// <summary>The clock of all limits. Default <see cref="TimeProvider.System"/>.</summary>
    protected virtual TimeProvider Time => TimeProvider.System;

    /// <summary>How long a case may wait for what it expects. Default 30 seconds.</summary>
    protected virtual TimeSpan Limit => TimeSpan.FromSeconds(30);

    /// <summary>Runs one case. Cases may run at the same time, and over the same broker.</summary>
    /// <param name="caseName">One of <see cref="CaseNames"/>.</param>
    /// <exception cref="ConformanceException">The transport does not do what the case says, or not within <see cref="Limit"/>.</exception>
    /// <exception cref="ArgumentException">There is no such case.</exception>
    public Task RunAsync(string caseName)
    {
        if (!ConformanceCases.All.TryGetValue(caseName, out var run))
        {
            throw new ArgumentException($"There is no case '{caseName}': choose one of {nameof(TransportConformance)}.{nameof(CaseNames)}.", nameof(caseName));
        }

        return new Trial(CreateTransportAsync, BreakConnectionsAsync, Limit, Time).RunAsync(run);
    }

    /// <summary>Makes a transport as one more process of the same application would, on the same broker. It is disposed by the suite if it is disposable.</summary>
    /// <param name="topology">The application's messages and endpoints. Their names are new for each case, so that cases, runs and machines may share a broker.</param>
    protected abstract ValueTask<ITransport> CreateTransportAsync(MessageTopology topology);

    /// <summary>
    /// Breaks every connection that the transports of this instance have to their broker, from outside, and returns when that is done. Connections
    /// that are made afterwards work, at once or a little later.
    /// </summary>
    /// <remarks>Default: throws. Only the cases about broken connections call it: override it, or skip them and say why.</remarks>
    protected virtual ValueTask BreakConnectionsAsync()
        => throw new NotSupportedException($"The case breaks connections: override {nameof(BreakConnectionsAsync)}, or skip the case and say why.");
}
