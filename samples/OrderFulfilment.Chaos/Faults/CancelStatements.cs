using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>For a while the server cancels statements of the sample in their middle.</summary>
internal sealed class CancelStatements : IFault
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    public string Name => "cancel";

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        for (var i = 0; i < strike.Between(0.2, 3) / Pause; i++)
        {
            await strike.Server.TryExecuteAsync(
                $"SELECT pg_cancel_backend(pid) FROM {Server.SampleSessions} AND state = 'active' AND random() < 0.5",
                cancellationToken);
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
