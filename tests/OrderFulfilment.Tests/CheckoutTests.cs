using Messaging.Toolkit;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrderFulfilment.Checkout;
using OrderFulfilment.Ordering;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Tests;

/// <summary>The checkout saga: all or nothing, without a server and without waiting.</summary>
public sealed class CheckoutTests : IDisposable
{
    private readonly MessagingHarness harness = MessagingHarness.Start<FulfilmentApplication>();

    public CheckoutTests() => harness.Run<FulfilmentDb>(db => Tables.FillAsync(db));

    public void Dispose() => harness.Dispose();

    [Fact]
    public void A_good_checkout_is_paid_shipped_and_told_of()
    {
        var outcome = CheckOut("samovar", 2, "tok");

        outcome.Should().BeEquivalentTo(new { Status = SagaStatus.Completed, Reason = (string?)null });
        harness.Run((FulfilmentDb db) => db.Orders.SingleAsync()).Status.Should().Be(OrderStatus.Completed);
        harness.Run((FulfilmentDb db) => db.Holds.SingleAsync()).State.Should().Be(FundsHoldState.Captured);
        harness.Run((FulfilmentDb db) => db.Shipments.CountAsync()).Should().Be(1);
        harness.Published<CheckoutCompleted>().Should().ContainSingle();
        harness.DeadLetters.Should().BeEmpty();
        Available("samovar").Should().Be(23);
    }

    [Theory]
    [InlineData("samovar", 26, "tok", "reserve-stock: there is not enough in stock")]
    [InlineData("samovar", 22, "tok", "check-fraud: the amount is unusual")]
    [InlineData("samovar", 2, "tok-declined", "hold-funds: the bank declined the card")]
    public void A_checkout_that_fails_leaves_nothing_but_the_reason(string product, int quantity, string card, string reason)
    {
        var outcome = CheckOut(product, quantity, card);

        outcome.Should().BeEquivalentTo(new { Status = SagaStatus.Compensated, Reason = reason });
        harness.Run((FulfilmentDb db) => db.Orders.SingleAsync()).Should().BeEquivalentTo(new { Status = OrderStatus.Rejected, Reason = reason });
        harness.Run((FulfilmentDb db) => db.Holds.AnyAsync(hold => hold.State != FundsHoldState.Released)).Should().BeFalse();
        harness.Run((FulfilmentDb db) => db.Payments.CountAsync()).Should().Be(0);
        harness.Run((FulfilmentDb db) => db.Shipments.CountAsync()).Should().Be(0);
        harness.Published<CheckoutCompleted>().Should().BeEmpty();
        Available("samovar").Should().Be(25);
    }

    [Fact]
    public void A_checkout_can_be_drawn()
    {
        var outcome = CheckOut("cup", 1, "tok");

        var diagram = harness.Run<ISagas, string>(async sagas => sagas.ToMermaid("ordering.checkout", await sagas.FindAsync(outcome.Id)));
        diagram.Should().StartWith("flowchart TD").And.Contain("capture-funds").And.Contain("subgraph").And.Contain("class done here");
    }

    [Fact]
    public void Checkouts_are_all_or_nothing_whatever_goes_wrong()
        => Simulation.For<FulfilmentApplication>()
            .Given<FulfilmentDb>(db => Tables.FillAsync(db))
            .Workload(clients: 2, CheckOutAsync)
            .Always<FulfilmentDb>("no money is kept twice", async db => !await db.Holds.GroupBy(hold => hold.OrderId).AnyAsync(order => order.Count() > 1))
            .Always<FulfilmentDb>("what is not on the shelf is reserved", db => db.StockLevels.AllAsync(level => level.Received - level.Available
                == db.Reservations.Where(held => held.Product == level.Product && held.State != ReservationState.Released).Sum(held => held.Quantity)))
            .Finally<FulfilmentDb>("money is kept only for what is shipped", db => db.Holds.AllAsync(hold => hold.State == FundsHoldState.Released
                || (hold.State == FundsHoldState.Captured && db.Shipments.Any(shipment => shipment.OrderId == hold.OrderId))))
            .Finally<FulfilmentDb>("every order has ended", db => db.Orders.AllAsync(order => order.Status == OrderStatus.Completed || order.Status == OrderStatus.Rejected))
            .Run(seeds: 15);

    private static async Task CheckOutAsync(SimulationClient client)
    {
        var card = client.Random.Next(3) == 0 ? "tok-declined" : "tok";
        var request = new PlaceOrderRequest(client.NewGuid(), $"customer-{client.Number}", "samovar", client.Random.Next(1, 25), card);
        await client.CallAsync((scope, cancellationToken) => CheckoutApi.CheckOutAsync(
            request, scope.GetRequiredService<ISagas>(), scope.GetRequiredService<TimeProvider>(), cancellationToken));
    }

    private SagaOutcome<CheckoutState> CheckOut(string product, int quantity, string card)
    {
        var order = new PlaceOrderRequest(Guid.NewGuid(), "ann", product, quantity, card).ToOrder(harness.Time.GetUtcNow());
        var outcome = harness.Run<ISagas, SagaOutcome<CheckoutState>>(sagas
            => sagas.RunAsync<CheckoutSaga, CheckoutState>(CheckoutState.Of(order), TimeSpan.FromSeconds(30), order.Id));
        harness.WaitUntilIdle();
        return outcome;
    }

    private int Available(string product) => harness.Run((FulfilmentDb db) => db.StockLevels.SingleAsync(level => level.Product == product)).Available;
}
