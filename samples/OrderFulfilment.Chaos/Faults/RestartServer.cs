using OrderFulfilment.Demo.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>A server ends, which breaks every connection, and is started again.</summary>
/// <param name="name">What the fault is called.</param>
/// <param name="command">How it ends: as it should ("restart"), or on the spot, so that it has to recover ("crash").</param>
/// <param name="server">Which one.</param>
/// <param name="servers">Does it.</param>
internal sealed class RestartServer(string name, string command, string server, ServersScript servers) : IFault
{
    public string Name => name;

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken) => servers.RestartAsync(command, server);
}
