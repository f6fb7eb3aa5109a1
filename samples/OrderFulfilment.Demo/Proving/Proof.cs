using OrderFulfilment.Demo.Orders;
using OrderFulfilment.History;
using OrderFulfilment.Ordering;
using OrderFulfilment.Payment;
using OrderFulfilment.Shipping;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Demo.Proving;

/// <summary>Compares what the database says with what the clients were told, and finds everything that does not fit.</summary>
internal sealed class Proof(Evidence evidence, IReadOnlyDictionary<Guid, Placement> accepted)
{
    private readonly Dictionary<Guid, Order> orders = evidence.Orders.ToDictionary(order => order.Id);
    private readonly ILookup<Guid, HistoryEntry> history = evidence.History.ToLookup(entry => entry.OrderId);
    private readonly ILookup<Guid, CardPayment> payments = evidence.Payments.ToLookup(payment => payment.OrderId);
    private readonly Dictionary<Guid, Reservation> reservations = evidence.Reservations.ToDictionary(reservation => reservation.OrderId);
    private readonly Dictionary<Guid, Shipment> shipments = evidence.Shipments.ToDictionary(shipment => shipment.OrderId);

    /// <param name="plan">The orders that were to be placed; not all of them need have been accepted.</param>
    public IReadOnlyList<Finding> Find(IReadOnlyList<PlannedOrder> plan) =>
    [
        .. accepted.Values.Select(placement => placement.Order).SelectMany(CheckOrder),
        .. orders.Keys.Except(plan.Select(order => order.Id)).Select(id => new Finding(FindingKind.Wrong, $"order {id} is there and nobody has placed it")),
        .. plan.GroupBy(order => order.Request.Customer!, order => order.Id).SelectMany(CheckCustomer),
        .. CheckEffects(),
        .. CheckStock(),
        .. CheckQueues(),
    ];

    private IEnumerable<Finding> CheckOrder(PlannedOrder planned)
    {
        if (!orders.TryGetValue(planned.Id, out var order))
        {
            return [new(FindingKind.Lost, $"order {planned.Id} was accepted and is not there")];
        }

        if (!Story.All.TryGetValue(order.Status, out var story))
        {
            return [new(FindingKind.Lost, $"order {order.Id} is {order.Status} and goes no further")];
        }

        var findings = CheckHistory(order, story).Concat(CheckRows(order, story));
        return planned.Ends.Contains(order.Status)
            ? findings
            : findings.Append(new(FindingKind.Wrong, $"order {order.Id} is {order.Status} and should be {string.Join(" or ", planned.Ends)}"));
    }

    private IEnumerable<Finding> CheckHistory(Order order, Story story)
    {
        var actual = history[order.Id].ToLookup(entry => entry.Endpoint, entry => entry.Message);
        foreach (var endpoint in actual.Select(group => group.Key).Union(story.Handled.Keys))
        {
            var expected = story.Handled.GetValueOrDefault(endpoint, []);
            var handled = actual[endpoint].ToList();
            var once = handled.Distinct().ToList();
            foreach (var message in expected.Except(once))
            {
                yield return new(FindingKind.Lost, $"order {order.Id}: {endpoint} has not handled {message}");
            }

            foreach (var message in once.Except(expected))
            {
                yield return new(FindingKind.Wrong, $"order {order.Id}: {endpoint} has handled {message}, although it is {order.Status}");
            }

            if (handled.Count > once.Count)
            {
                yield return new(FindingKind.Duplicated, $"order {order.Id}: {endpoint} has handled {string.Join(", ", handled)}");
            }

            if (!once.SequenceEqual(expected.Intersect(once)) && !once.Except(expected).Any())
            {
                yield return new(FindingKind.OutOfOrder, $"order {order.Id}: {endpoint} has handled {string.Join(", ", handled)}");
            }
        }
    }

    private IEnumerable<Finding> CheckRows(Order order, Story story)
    {
        var paid = payments[order.Id].ToList();
        if (paid.Count > 1)
        {
            yield return new(FindingKind.Duplicated, $"order {order.Id} has {paid.Count} payments");
        }

        var isCharged = paid.Count == 0 ? (bool?)null : paid.Any(payment => payment.Declined is null);
        if (isCharged != story.IsCharged || paid.Any(payment => payment.Amount != order.Amount))
        {
            yield return new(FindingKind.Wrong, $"order {order.Id} is {order.Status}, and its payments do not fit");
        }

        if (reservations.GetValueOrDefault(order.Id)?.State != story.Reservation)
        {
            yield return new(FindingKind.Wrong, $"order {order.Id} is {order.Status}, and its reservation does not fit");
        }

        if (shipments.GetValueOrDefault(order.Id)?.State != story.Shipment)
        {
            yield return new(FindingKind.Wrong, $"order {order.Id} is {order.Status}, and its shipment does not fit");
        }
    }

    /// <summary>
    /// The orders of a customer came to the stock in the order in which they were placed, as far as one was placed before
    /// the other, and in that same order through every later stage.
    /// </summary>
    private IEnumerable<Finding> CheckCustomer(IGrouping<string, Guid> customer)
    {
        var entries = customer.SelectMany(id => history[id]).OrderBy(entry => entry.Id).ToList();
        var first = OrdersAt(Story.FirstStage);
        var firstAnswer = (Id: Guid.Empty, Time: long.MaxValue);
        foreach (var id in Enumerable.Reverse(first))
        {
            if (accepted.TryGetValue(id, out var placement))
            {
                if (placement.Asked > firstAnswer.Time)
                {
                    yield return new(FindingKind.OutOfOrder, $"{customer.Key}: order {id} came before order {firstAnswer.Id}, which was accepted before it was placed");
                }

                firstAnswer = placement.Answered < firstAnswer.Time ? (id, placement.Answered) : firstAnswer;
            }
        }

        foreach (var stage in Story.LaterStages)
        {
            var here = OrdersAt(stage);
            foreach (var (early, late) in here.Intersect(first).Zip(first.Intersect(here)).Where(pair => pair.First != pair.Second).Take(1))
            {
                yield return new(FindingKind.OutOfOrder, $"{customer.Key}: {stage.Endpoint} handled {string.Join(" or ", stage.Messages)} of order {early} before that of order {late}");
            }
        }

        List<Guid> OrdersAt(Stage stage) => [.. entries.Where(entry => entry.Endpoint == stage.Endpoint && stage.Messages.Contains(entry.Message)).Select(entry => entry.OrderId).Distinct()];
    }

    private IEnumerable<Finding> CheckEffects()
        => evidence.History
            .GroupBy(entry => (entry.Endpoint, entry.Message, entry.MessageId))
            .Where(group => group.Count() > 1)
            .Select(group => new Finding(FindingKind.Duplicated, $"{group.Key.Endpoint} has handled message {group.Key.MessageId} {group.Count()} times"));

    private IEnumerable<Finding> CheckStock()
    {
        foreach (var level in evidence.StockLevels)
        {
            var gone = evidence.Reservations.Where(reservation => reservation.Product == level.Product && reservation.State != ReservationState.Released).Sum(reservation => reservation.Quantity);
            if (level.Available < 0 || level.Received - gone != level.Available)
            {
                yield return new(FindingKind.Wrong, $"{level.Product}: {level.Received} received and {gone} gone do not make {level.Available} available");
            }
        }
    }

    private IEnumerable<Finding> CheckQueues()
        => evidence.Outbox.Select(row => new Finding(FindingKind.Wrong, $"message {row.MessageId} ({row.Type}) still waits for {row.Destination}"))
            .Concat(evidence.DeadLetters.Select(letter => new Finding(FindingKind.Wrong, $"message {letter.MessageId} ({letter.Type}) of {letter.Endpoint} is in the dead letters: {letter.Reason}")));
}
