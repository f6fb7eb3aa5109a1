using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>
/// The server cancels what the sample is executing, as it does when somebody's patience ends. In the middle of a handler
/// that is the handler's failure, and four of those in a row are a dead letter: so there are three at most, with time for
/// a retry in between, and statements that wait for a lock are left alone.
/// </summary>
internal sealed class CancelStatements : IFault
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    public string Name => "cancel";

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 1 + (int)(strike.Strength * 2.99); i++)
        {
            await strike.Server.TryExecuteAsync(
                $"SELECT pg_cancel_backend(pid) FROM {Server.SampleSessions} AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock'",
                cancellationToken);
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
