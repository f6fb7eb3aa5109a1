using OrderFulfilment.Demo;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>A process is stopped as it should be, and started again: what a deployment does.</summary>
internal sealed class Restart : IFault
{
    public string Name => "restart";

    public bool TakesProcess => true;

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        if (await strike.Node.Process.StopAsync() is not 0 and var code)
        {
            throw new DemoException($"{strike.Node.Name} was stopped by SIGTERM and ended with exit code {code}.");
        }

        await strike.Node.Process.StartAsync(cancellationToken);
    }
}
