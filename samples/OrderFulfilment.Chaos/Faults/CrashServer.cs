namespace OrderFulfilment.Chaos.Faults;

/// <summary>The server dies on the spot, and recovers from its log when it is started again.</summary>
internal sealed class CrashServer : IFault
{
    public string Name => "server-crash";

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken) => strike.Server.RestartAsync("crash");
}
