namespace OrderFulfilment.Chaos.Faults;

/// <summary>Every fault that there is, and how often it comes compared with the others.</summary>
internal static class AllFaults
{
    /// <param name="withServer">Whether the server may be restarted too.</param>
    public static IReadOnlyList<(IFault Fault, int Weight)> List(bool withServer) =>
    [
        (new Kill(), 3),
        (new Freeze(), 3),
        (new Restart(), 2),
        (new CutConnections(), 2),
        (new BlackHole(), 2),
        (new SlowNetwork(), 1),
        (new TerminateBackends(), 2),
        (new CancelStatements(), 2),
        (new LongSnapshot(), 1),
        (new LockRows(), 1),
        .. withServer ? new (IFault, int)[] { (new RestartServer(), 1), (new CrashServer(), 1) } : [],
    ];
}
