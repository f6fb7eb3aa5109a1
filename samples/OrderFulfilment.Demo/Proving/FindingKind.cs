namespace OrderFulfilment.Demo.Proving;

internal enum FindingKind
{
    Lost,
    Duplicated,
    OutOfOrder,

    /// <summary>Anything else: a wrong end, sums that do not balance, dead letters.</summary>
    Wrong,
}
