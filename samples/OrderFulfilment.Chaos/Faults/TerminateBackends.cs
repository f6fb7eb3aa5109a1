using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>The server ends some of the sample's sessions, whatever they are doing.</summary>
internal sealed class TerminateBackends : IFault
{
    private const int Most = 40;

    public string Name => "terminate";

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken)
        => strike.Server.TryCountAsync(
            $"SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM {Server.SampleSessions} ORDER BY state = 'idle', random() LIMIT {1 + (int)(strike.Strength * Most)}) AS chosen",
            cancellationToken);
}
