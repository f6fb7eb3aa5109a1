namespace OrderFulfilment.Chaos.Faults;

/// <summary>Something that goes wrong in the real world.</summary>
internal interface IFault
{
    /// <summary>What it is called in the output.</summary>
    string Name { get; }

    /// <summary>
    /// Does it, and ends when it is over. Several run at once; those that end or stop a process wait for each other. When
    /// cancelled it ends soon, and leaves nothing frozen, locked or unreachable.
    /// </summary>
    /// <param name="strike">Where, and how hard.</param>
    /// <param name="cancellationToken">The run is given up.</param>
    Task InjectAsync(Strike strike, CancellationToken cancellationToken);
}
