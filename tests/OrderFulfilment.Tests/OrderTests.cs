using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Ordering;
using OrderFulfilment.Shipping;

namespace OrderFulfilment.Tests;

/// <summary>What becomes of orders.</summary>
public sealed class OrderTests
{
    [Fact]
    public async Task A_good_order_is_paid_and_shipped()
    {
        await using var shop = await Shop.OpenAsync();
        var id = Guid.NewGuid();

        var response = await shop.OrderAsync(id, "samovar", 2);
        var order = await shop.EndAsync(id, messages: 8);

        response.StatusCode.Should().Be(HttpStatusCode.Created);
        response.Headers.Location!.OriginalString.Should().Be($"/orders/{id}");
        order.Status.Should().Be(OrderStatus.Completed);
        (await AvailableAsync(shop, "samovar")).Should().Be(23);
        (await shop.ReadAsync(db => db.Payments.SingleAsync())).Amount.Should().Be(3_800);
        (await shop.ReadAsync(db => db.Shipments.SingleAsync())).State.Should().Be(ShipmentState.Shipped);
    }

    [Fact]
    public async Task Nothing_about_it_needs_a_cure_but_time_to_begin()
    {
        await using var shop = await Shop.OpenAsync();

        (await shop.Http.GetStringAsync("/diagnosis")).Split('\n').Should().OnlyContain(line => line.StartsWith("Fine ", StringComparison.Ordinal) || line.Contains("has not begun yet"));
    }

    [Fact]
    public async Task Its_flow_over_all_endpoints_is_shown_as_a_diagram()
    {
        await using var shop = await Shop.OpenAsync();
        var id = Guid.NewGuid();
        await shop.OrderAsync(id, "samovar", 2);
        await shop.EndAsync(id, messages: 8);

        var diagram = await shop.Http.GetStringAsync($"/orders/{id}/flow");

        diagram.Should().StartWith("sequenceDiagram").And.NotContain("not handled");
        diagram.Split('\n').Should().ContainSingle(line => line.EndsWith(": payment.charge-card", StringComparison.Ordinal));
        diagram.Split("->>").Should().HaveCountGreaterThan(8);
        (await shop.Http.GetAsync($"/orders/{Guid.NewGuid()}/flow")).StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(2, "tok-declined")]
    [InlineData(3, "tok")] // Over the limit of the card.
    public async Task A_declined_card_puts_the_goods_back(int quantity, string card)
    {
        await using var shop = await Shop.OpenAsync();
        var id = Guid.NewGuid();

        await shop.OrderAsync(id, "samovar", quantity, card);
        var order = await shop.EndAsync(id, messages: 8);

        order.Status.Should().Be(OrderStatus.Cancelled);
        order.Reason.Should().NotBeNull();
        (await AvailableAsync(shop, "samovar")).Should().Be(25);
        (await shop.ReadAsync(db => db.Shipments.SingleAsync())).State.Should().Be(ShipmentState.Unpacked);
    }

    [Fact]
    public async Task What_is_out_of_stock_is_neither_paid_nor_shipped()
    {
        await using var shop = await Shop.OpenAsync();
        var id = Guid.NewGuid();

        await shop.OrderAsync(id, "samovar", 26);
        var order = await shop.EndAsync(id, messages: 2);

        order.Status.Should().Be(OrderStatus.Rejected);
        (await AvailableAsync(shop, "samovar")).Should().Be(25);
        (await shop.ReadAsync(db => db.Payments.CountAsync())).Should().Be(0);
        (await shop.ReadAsync(db => db.Shipments.CountAsync())).Should().Be(0);
    }

    [Fact]
    public async Task A_repeated_request_is_the_same_order()
    {
        await using var shop = await Shop.OpenAsync();
        var id = Guid.NewGuid();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => shop.OrderAsync(id, "cup", 1)));
        var other = await shop.OrderAsync(id, "cup", 2);
        var order = await shop.EndAsync(id, messages: 8);

        answers.Select(answer => answer.StatusCode).Order().Should().Equal(
            Enumerable.Repeat(HttpStatusCode.OK, 7).Append(HttpStatusCode.Created));
        other.StatusCode.Should().Be(HttpStatusCode.Conflict);
        order.History.Should().HaveCount(8);
        (await shop.ReadAsync(db => db.Payments.CountAsync())).Should().Be(1);
    }

    [Fact]
    public async Task A_request_that_makes_no_sense_is_answered_by_what_is_wrong()
    {
        await using var shop = await Shop.OpenAsync();

        var response = await shop.Http.PostAsJsonAsync("/orders", new { product = "moon", quantity = -1 });

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        (await response.Content.ReadAsStringAsync()).Should().ContainAll("customer", "product", "quantity", "cardToken");
    }

    [Fact]
    public async Task The_overview_shows_names_as_text()
    {
        await using var shop = await Shop.OpenAsync();

        await shop.Http.PostAsJsonAsync("/orders", new PlaceOrderRequest(null, "<script>", "cup", 1, "tok"));
        var page = await shop.Http.GetStringAsync("/");

        page.Should().Contain("&lt;script&gt;").And.NotContain("<script>");
    }

    private static Task<int> AvailableAsync(Shop shop, string product)
        => shop.ReadAsync(db => db.StockLevels.Where(level => level.Product == product).Select(level => level.Available).SingleAsync());
}
