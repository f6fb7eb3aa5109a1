namespace OrderFulfilment.Chaos.Faults;

/// <summary>Something that goes wrong in the real world.</summary>
internal interface IFault
{
    /// <summary>What it is called in the output.</summary>
    string Name { get; }

    /// <summary>Whether it stops, freezes or starts a process, so that no other such fault may have its hands on that one meanwhile.</summary>
    bool TakesProcess => false;

    /// <summary>
    /// Does it, and ends when it is over. Several run at once. When cancelled it ends soon, and leaves nothing frozen,
    /// locked or unreachable.
    /// </summary>
    /// <param name="strike">Where, and how hard.</param>
    /// <param name="cancellationToken">The run is given up.</param>
    Task InjectAsync(Strike strike, CancellationToken cancellationToken);
}
