using Messaging.Toolkit;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrderFulfilment.Ordering;
using OrderFulfilment.Payment;
using OrderFulfilment.Shipping;
using OrderFulfilment.Stock;

namespace OrderFulfilment.Tests;

/// <summary>What becomes of orders, without a server and without waiting.</summary>
public sealed class OrderHarnessTests : IDisposable
{
    private readonly MessagingHarness harness = MessagingHarness.Start<FulfilmentApplication>();

    public OrderHarnessTests() => harness.Run<FulfilmentDb>(db => Tables.FillAsync(db));

    public void Dispose() => harness.Dispose();

    [Fact]
    public void A_good_order_is_paid_and_shipped()
    {
        Place("samovar", 2, "tok");
        harness.WaitUntilIdle();

        harness.DeadLetters.Should().BeEmpty();
        harness.Handled<ChargeCard>("payment").Should().ContainSingle().Which.Message.Amount.Should().Be(3_800);
        harness.Published<OrderShipped>().Should().ContainSingle();
        harness.Run((FulfilmentDb db) => db.Orders.SingleAsync()).Status.Should().Be(OrderStatus.Completed);
        Available("samovar").Should().Be(23);
    }

    [Fact]
    public void A_declined_card_puts_the_goods_back()
    {
        Place("samovar", 2, "tok-declined");
        harness.WaitUntilIdle();

        harness.DeadLetters.Should().BeEmpty();
        harness.Published<StockReleased>().Should().ContainSingle();
        harness.Published<OrderShipped>().Should().BeEmpty();
        harness.Run((FulfilmentDb db) => db.Orders.SingleAsync()).Status.Should().Be(OrderStatus.Cancelled);
        Available("samovar").Should().Be(25);
    }

    [Fact]
    public void The_history_tells_when_things_happened()
    {
        var began = harness.Time.GetUtcNow().UtcDateTime;

        Place("cup", 1, "tok");
        harness.Advance(TimeSpan.FromHours(1));
        Place("cup", 1, "tok");
        harness.WaitUntilIdle();

        var times = harness.Run((FulfilmentDb db) => db.History.OrderBy(entry => entry.Id).Select(entry => entry.At).ToListAsync());
        times.Distinct().Should().Equal(began, began.AddHours(1));
        harness.Run((FulfilmentDb db) => db.Orders.CountAsync(order => order.PlacedAt == began)).Should().Be(1);
    }

    [Fact]
    public void What_belongs_to_no_order_is_in_the_dead_letters()
    {
        harness.Run<FulfilmentDb>(async db =>
        {
            db.Publish(new CardCharged(Guid.NewGuid(), "ann"));
            await db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        harness.DeadLetters.Select(letter => letter.Endpoint).Should().BeEquivalentTo("ordering", "shipping");
        harness.DeadLetters.Single(letter => letter.Endpoint == "ordering").Failure.Should().Contain("There is no order");
    }

    private int Available(string product) => harness.Run((FulfilmentDb db) => db.StockLevels.SingleAsync(level => level.Product == product)).Available;

    private void Place(string product, int quantity, string card) => Place(new PlaceOrderRequest(Guid.NewGuid(), "ann", product, quantity, card));

    private void Place(PlaceOrderRequest request) => harness.Run<IServiceProvider>(scope => OrdersApi.PlaceAsync(
        request, scope.GetRequiredService<FulfilmentDb>(), scope.GetRequiredService<IMessageBus>(), harness.Time, CancellationToken.None));
}
