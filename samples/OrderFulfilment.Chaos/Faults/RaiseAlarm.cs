using OrderFulfilment.Chaos.Running;
using OrderFulfilment.Demo;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>The broker thinks that it has no memory left, and takes nothing more from anybody for a while.</summary>
internal sealed class RaiseAlarm : IFault
{
    /// <summary>Enough for a restart that is under way.</summary>
    private const int MostAttempts = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public string Name => "broker-alarm";

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        await BrokerControl.TryAsync("set_vm_memory_high_watermark", "0.00001");
        try
        {
            await Task.Delay(strike.Between(0.5, 10), cancellationToken);
        }
        finally
        {
            await ClearAsync();
        }
    }

    private async Task ClearAsync()
    {
        for (var attempt = 1; !await BrokerControl.TryAsync("set_vm_memory_high_watermark", "absolute", "1GB"); attempt++) // What eng/servers configures.
        {
            if (attempt == MostAttempts)
            {
                throw new DemoException("The memory alarm of the broker could not be cleared.");
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }
}
