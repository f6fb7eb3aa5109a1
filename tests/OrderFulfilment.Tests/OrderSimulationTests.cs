using Messaging.Toolkit;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrderFulfilment.Ordering;
using OrderFulfilment.Stock;
using Xunit.Abstractions;

namespace OrderFulfilment.Tests;

/// <summary>What is so whatever goes wrong.</summary>
public sealed class OrderSimulationTests(ITestOutputHelper output)
{
    private static readonly OrderStatus[] Ends = [OrderStatus.Completed, OrderStatus.Rejected, OrderStatus.Cancelled];

    [Fact]
    public void Orders_end_and_stock_adds_up_whatever_goes_wrong()
    {
        var report = Simulation.For<FulfilmentApplication>()
            .Given<FulfilmentDb>(db => Tables.FillAsync(db))
            .OverBroker(false) // The sample has none: its messages are delivered in the process.
            .Workload(clients: 3, OrderAsync)
            .Always<FulfilmentDb>("stock is never negative", db => db.StockLevels.AllAsync(level => level.Available >= 0))
            .Always<FulfilmentDb>("what is not on the shelf is reserved", db => db.StockLevels.AllAsync(level => level.Received - level.Available
                == db.Reservations.Where(held => held.Product == level.Product && held.State != ReservationState.Released).Sum(held => held.Quantity)))
            .Always<FulfilmentDb>("no card is charged twice", async db => !await db.Payments.GroupBy(payment => payment.OrderId).AnyAsync(order => order.Count() > 1))
            .Finally<FulfilmentDb>("every order has ended, or a dead letter says why not", async db
                => await db.Orders.AllAsync(order => Ends.Contains(order.Status)) || await db.Set<DeadLetterRow>().AnyAsync())
            .Run(seeds: 50);

        output.WriteLine(report.ToString());
    }

    private static async Task OrderAsync(SimulationClient client)
    {
        for (var order = 0; order < 2; order++)
        {
            var card = client.Random.Next(4) == 0 ? "tok-declined" : "tok";
            var request = new PlaceOrderRequest(client.NewGuid(), $"customer-{client.Random.Next(3)}", "samovar", client.Random.Next(1, 5), card);
            while (!(await client.CallAsync((scope, cancellationToken) => PlaceAsync(scope, request, cancellationToken))).HasSucceeded)
            {
                await client.DelayAsync(TimeSpan.FromSeconds(1)); // No answer: it asks again, with the same id.
            }
        }
    }

    private static Task PlaceAsync(IServiceProvider scope, PlaceOrderRequest request, CancellationToken cancellationToken) => OrdersApi.PlaceAsync(
        request, scope.GetRequiredService<FulfilmentDb>(), scope.GetRequiredService<IMessageBus>(), scope.GetRequiredService<TimeProvider>(), cancellationToken);
}
