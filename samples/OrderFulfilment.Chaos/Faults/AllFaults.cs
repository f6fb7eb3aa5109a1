using OrderFulfilment.Demo.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>Every fault that there is, and how often it comes compared with the others.</summary>
internal static class AllFaults
{
    /// <summary>Seconds out of reach: longer than three leases of the sample, than its timeouts at the database, than two heartbeats of the broker.</summary>
    private const double Leases = 9, Timeouts = 10, Heartbeats = 30;

    /// <summary>
    /// Those that are possible with these servers and this transport. Servers of somebody else are left alone. If there are two, each is
    /// restarted half as often, so that both are there most of the time.
    /// </summary>
    public static IReadOnlyList<(IFault Fault, int Weight)> List(ChaosOptions options)
    {
        var servers = options.Servers is null ? null : new ServersScript(options.Servers);
        return options.HasBroker
            ? [.. OfProcesses(Heartbeats).Concat(OfBroker(servers)).Select(one => (one.Fault, 2 * one.Weight)), .. Restarts("server", "postgres", servers), .. Restarts("broker", "rabbitmq", servers)]
            : [.. OfProcesses(Leases), .. Restarts("server", "postgres", servers)];
    }

    private static IEnumerable<(IFault Fault, int Weight)> OfProcesses(double longestFreeze) =>
    [
        (new Kill(), 3),
        (new Freeze(longestFreeze), 3),
        (new Restart(), 2),
        (new CutConnections("cut", node => node.Database), 2),
        (new BlackHole("black-hole", node => node.Database, Timeouts), 2),
        (new SlowNetwork("slow", node => node.Database), 1),
        (new TerminateBackends(), 2),
        (new CancelStatements(), 2),
        (new LongSnapshot(), 1),
        (new LockRows(), 1),
    ];

    private static IEnumerable<(IFault Fault, int Weight)> OfBroker(ServersScript? servers) =>
    [
        (new CutConnections("broker-cut", node => node.Broker!), 2),
        (new BlackHole("broker-black-hole", node => node.Broker!, Heartbeats), 2),
        (new SlowNetwork("broker-slow", node => node.Broker!), 1),
        .. servers is null ? [] : new (IFault, int)[] { (new CloseConnections(), 2), (new RaiseAlarm(), 1) },
    ];

    private static IEnumerable<(IFault Fault, int Weight)> Restarts(string name, string server, ServersScript? servers) => servers is null
        ? []
        : [(new RestartServer($"{name}-restart", "restart", server, servers), 1), (new RestartServer($"{name}-crash", "crash", server, servers), 1)];
}
