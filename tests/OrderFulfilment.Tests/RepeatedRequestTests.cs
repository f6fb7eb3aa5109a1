using Messaging.Toolkit;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Tests;

/// <summary>A caller that asks again after the claims of what it had asked for are gone.</summary>
public sealed class RepeatedRequestTests : IDisposable
{
    private static readonly TimeSpan Retention = TimeSpan.FromHours(1);

    private readonly MessagingHarness harness = MessagingHarness.Start(services => services.AddOrderFulfilment(
        database => database.UseNpgsql("Host=nowhere"), messaging => messaging.Inbox(inbox => inbox.Retention = Retention)));

    public RepeatedRequestTests() => harness.Run<FulfilmentDb>(db => Tables.FillAsync(db));

    public void Dispose() => harness.Dispose();

    [Fact]
    public void It_is_the_same_order()
    {
        var request = new PlaceOrderRequest(Guid.NewGuid(), "ann", "cup", 1, "tok");

        Place(request);
        harness.Advance(2 * Retention);
        Place(request);
        harness.WaitUntilIdle();

        harness.Published<OrderPlaced>().Should().ContainSingle();
    }

    private void Place(PlaceOrderRequest request) => harness.Run<IServiceProvider>(scope => OrdersApi.PlaceAsync(
        request, scope.GetRequiredService<FulfilmentDb>(), scope.GetRequiredService<IMessageBus>(), harness.Time, CancellationToken.None));
}
