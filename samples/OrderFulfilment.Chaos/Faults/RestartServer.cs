namespace OrderFulfilment.Chaos.Faults;

/// <summary>The server is stopped as it should be, which breaks every connection, and started again.</summary>
internal sealed class RestartServer : IFault
{
    public string Name => "server-restart";

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken) => strike.Server.RestartAsync("restart");
}
