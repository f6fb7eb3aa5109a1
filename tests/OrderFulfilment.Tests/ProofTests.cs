using OrderFulfilment.Demo.Orders;
using OrderFulfilment.Demo.Proving;
using OrderFulfilment.History;
using OrderFulfilment.Ordering;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Tests;

/// <summary>The demonstration proves something only if it would notice.</summary>
public sealed class ProofTests
{
    private static readonly Guid Good = Guid.NewGuid();
    private static readonly Guid Declined = Guid.NewGuid();

    private static readonly PlannedOrder[] Plan =
    [
        new(new PlaceOrderRequest(Good, "ann", "samovar", 2, "tok"), [OrderStatus.Completed], IsImpatient: false),
        new(new PlaceOrderRequest(Declined, "ann", "samovar", 2, "tok-declined"), [OrderStatus.Cancelled], IsImpatient: false),
    ];

    [Fact]
    public async Task Each_fault_is_found_and_a_good_run_has_none()
    {
        var good = await EvidenceAsync();

        Find(good).Should().BeEmpty();
        Find(good with { Orders = [.. good.Orders.Skip(1)] }).Should().Contain(FindingKind.Lost);
        Find(good with { Payments = [.. good.Payments, good.Payments[0]] }).Should().Contain(FindingKind.Duplicated);
        Find(good with { Payments = [] }).Should().Contain(FindingKind.Wrong);
        Find(good with { Shipments = [] }).Should().Contain(FindingKind.Wrong);
        Find(good with { Reservations = [.. good.Reservations.Skip(1)] }).Should().Contain(FindingKind.Wrong);
        Find(good with { StockLevels = [new StockLevel { Product = "samovar", Received = 25, Available = 22 }] }).Should().Equal(FindingKind.Wrong);
        foreach (var entry in good.History)
        {
            var others = good.History.Where(other => other != entry);
            Find(good with { History = [.. others] }).Should().Equal(FindingKind.Lost);
            Find(good with { History = [.. others, entry, entry] }).Should().Contain(FindingKind.Duplicated);
        }
    }

    [Fact]
    public async Task Every_swap_of_two_messages_that_an_endpoint_handled_is_found()
    {
        var good = await EvidenceAsync();

        foreach (var at in good.History.GroupBy(entry => entry.Endpoint).Select(group => group.ToList()))
        {
            // Different stages of different orders may go either way.
            foreach (var (one, other) in at.SelectMany(one => at.Select(other => (one, other))).Where(pair => pair.one.Id < pair.other.Id && IsOrdered(pair.one, pair.other)))
            {
                var swapped = good.History.Select(entry => entry == one ? With(other, entry.Id) : entry == other ? With(one, entry.Id) : entry);
                Find(good with { History = [.. swapped.OrderBy(entry => entry.Id)] }).Should().Contain(FindingKind.OutOfOrder, $"{one.Message} and {other.Message} are swapped at {one.Endpoint}");
            }
        }
    }

    [Fact]
    public async Task An_order_that_overtakes_one_placed_before_it_is_found()
    {
        var good = await EvidenceAsync();

        Find(good, [new(Plan[0], Asked: 30, Answered: 40), new(Plan[1], Asked: 10, Answered: 20)]).Should().Equal(FindingKind.OutOfOrder);
    }

    private static bool IsOrdered(HistoryEntry one, HistoryEntry other) => one.OrderId == other.OrderId || StageOf(one) == StageOf(other);

    private static Stage StageOf(HistoryEntry entry)
        => Story.LaterStages.Prepend(Story.FirstStage).Single(stage => stage.Endpoint == entry.Endpoint && stage.Messages.Contains(entry.Message));

    private static HistoryEntry With(HistoryEntry entry, long id)
        => new() { Id = id, OrderId = entry.OrderId, Endpoint = entry.Endpoint, Message = entry.Message, MessageId = entry.MessageId, At = entry.At };

    private static IEnumerable<FindingKind> Find(Evidence evidence)
        => Find(evidence, [new(Plan[0], Asked: 10, Answered: 20), new(Plan[1], Asked: 30, Answered: 40)]);

    private static IEnumerable<FindingKind> Find(Evidence evidence, IReadOnlyList<Placement> accepted)
        => new Proof(evidence, accepted.ToDictionary(placement => placement.Order.Id)).Find(Plan).Select(finding => finding.Kind);

    private static async Task<Evidence> EvidenceAsync()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync(Good, "samovar", 2);
        await shop.OrderAsync(Declined, "samovar", 2, "tok-declined");
        await shop.EndAsync(Good, messages: 8);
        await shop.EndAsync(Declined, messages: 8);

        // The last message leaves the outbox a moment after it was handled.
        var evidence = await shop.ReadAsync(Evidence.ReadAsync);
        return evidence with { Outbox = [] };
    }
}
