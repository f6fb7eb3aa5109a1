using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>
/// The server cancels what the sample is executing, as it does when somebody's patience ends. In the middle of a handler
/// that is the handler's failure, and four of those in a row are a dead letter: so there are three at most, with time for
/// a retry in between, and statements that wait for a lock are left alone.
/// </summary>
internal sealed class CancelStatements : IFault
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    public string Name => "cancel";

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 1 + (int)(strike.Strength * 2.99); i++)
        {
            await CancelSomeAsync(strike.Server, cancellationToken);
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>Most statements are over in no time: looks until one is met, though not for ever.</summary>
    private static async Task CancelSomeAsync(Server server, CancellationToken cancellationToken)
    {
        for (var left = Pause; left > TimeSpan.Zero; left -= Look)
        {
            var cancelled = await server.TryCountAsync(
                $"SELECT count(pg_cancel_backend(pid)) FROM {Server.SampleSessions} AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock'",
                cancellationToken);
            if (cancelled > 0)
            {
                return;
            }

            await Task.Delay(Look, cancellationToken);
        }
    }
}
