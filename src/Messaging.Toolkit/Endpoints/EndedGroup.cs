using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Endpoints;

/// <summary>A group that was attempted, by what becomes of its messages.</summary>
internal sealed class EndedGroup
{
    public EndedGroup(List<Work> group, Verdict[] verdicts)
    {
        All = group;
        Done = new List<Work>(group.Count);
        for (var i = 0; i < group.Count; i++)
        {
            if (verdicts[i].Settlement is { } settlement)
            {
                Done.Add(group[i]);
                DeliveriesOf(group[i], settlement).Add(group[i].Delivery);
            }
            else
            {
                Again.Add((group[i], verdicts[i]));
            }
        }
    }

    /// <summary>All of it, in its order.</summary>
    public List<Work> All { get; }

    /// <summary>Those that are settled: nothing more is done with them here.</summary>
    public List<Work> Done { get; }

    /// <summary>Those that are to be attempted again.</summary>
    public List<(Work Work, Verdict Verdict)> Again { get; } = [];

    /// <summary>What is to be settled, by how and with whom: nearly always all in the same way.</summary>
    public List<(IReceiver Receiver, Intake? Intake, Settlement Settlement, List<Delivery> Deliveries)> Settlings { get; } = new(1);

    private List<Delivery> DeliveriesOf(Work work, Settlement settlement)
    {
        foreach (var settling in Settlings)
        {
            if (settling.Receiver == work.Receiver && settling.Intake == work.Intake && settling.Settlement == settlement)
            {
                return settling.Deliveries;
            }
        }

        Settlings.Add((work.Receiver, work.Intake, settlement, new(All.Count)));
        return Settlings[^1].Deliveries;
    }
}
