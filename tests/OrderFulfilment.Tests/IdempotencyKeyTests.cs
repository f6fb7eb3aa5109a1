using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Tests;

/// <summary>Requests that their client names by an Idempotency-Key.</summary>
public sealed class IdempotencyKeyTests
{
    private const string Key = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"";

    [Fact]
    public async Task Sent_again_it_is_one_order_and_has_the_same_answer_even_when_the_order_has_gone_on()
    {
        await using var shop = await Shop.OpenAsync();

        var first = await AskAsync(shop, Key);
        await shop.EndAsync(first.Id, messages: 8);
        var again = await AskAsync(shop, Key);

        first.Status.Should().Be(HttpStatusCode.Created);
        again.Should().Be(first, "status, location and body are the same");
        (await shop.EndAsync(first.Id, messages: 8)).History.Should().HaveCount(8, "nothing has happened twice");
        (await shop.ReadAsync(db => db.Orders.CountAsync())).Should().Be(1);
        (await shop.ReadAsync(db => db.Payments.CountAsync())).Should().Be(1);
    }

    [Fact]
    public async Task Sent_twice_at_once_it_is_one_order_and_both_have_its_answer()
    {
        await using var shop = await Shop.OpenAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync(shop, Key)));
        var order = await shop.EndAsync(answers[0].Id, messages: 8);

        answers.Distinct().Should().ContainSingle().Which.Status.Should().Be(HttpStatusCode.Created);
        order.Status.Should().Be(OrderStatus.Completed);
        order.History.Should().HaveCount(8);
        (await shop.ReadAsync(db => db.Payments.CountAsync())).Should().Be(1);
    }

    [Fact]
    public async Task The_same_key_for_another_order_is_refused_and_another_customers_key_is_another()
    {
        await using var shop = await Shop.OpenAsync();
        await AskAsync(shop, Key);

        (await AskAsync(shop, Key, quantity: 2)).Status.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await AskAsync(shop, Key, customer: "bob")).Status.Should().Be(HttpStatusCode.Created);
        (await AskAsync(shop, Key.Trim('"'))).Status.Should().Be(HttpStatusCode.Created, "without its quotes it is the same");
        (await AskAsync(shop, Key.Replace('8', '9'))).Status.Should().Be(HttpStatusCode.Created);
        (await shop.ReadAsync(db => db.Orders.CountAsync())).Should().Be(3);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    [InlineData("\"open")]
    [InlineData("open\"")]
    [InlineData("\"a\" \"b\"")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"a\";b=1")]
    [InlineData("a b")]
    [InlineData("a", "b")]
    public async Task A_key_that_is_none_is_a_bad_request(params string[] keys)
    {
        await using var shop = await Shop.OpenAsync();

        var answer = await AskAsync(shop, keys);

        answer.Status.Should().Be(HttpStatusCode.BadRequest);
        answer.Body.Should().Contain("Idempotency-Key must be one string");
        (await shop.ReadAsync(db => db.Orders.CountAsync())).Should().Be(0);
    }

    [Fact]
    public async Task It_is_as_long_as_it_may_be_and_no_longer()
    {
        await using var shop = await Shop.OpenAsync();
        var customer = new string('ß', 100);

        (await AskAsync(shop, $"\"{new string('~', 199)}\\\"\"", customer)).Status.Should().Be(HttpStatusCode.Created);
        (await AskAsync(shop, new string('~', 201), customer)).Status.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_id_beside_it_is_refused()
    {
        await using var shop = await Shop.OpenAsync();

        using var request = RequestOf(new PlaceOrderRequest(Guid.NewGuid(), "ann", "cup", 1, "tok"), Key);
        var response = await shop.Http.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync()).Should().Contain("Send either an id or an Idempotency-Key");
    }

    private static Task<Answer> AskAsync(Shop shop, string key, string customer = "ann", int quantity = 1) => AskAsync(shop, [key], customer, quantity);

    private static async Task<Answer> AskAsync(Shop shop, string[] keys, string customer = "ann", int quantity = 1)
    {
        using var request = RequestOf(new PlaceOrderRequest(null, customer, "cup", quantity, "tok"), keys);
        using var response = await shop.Http.SendAsync(request);
        return new Answer(response.StatusCode, response.Headers.Location?.OriginalString, await response.Content.ReadAsStringAsync());
    }

    private static HttpRequestMessage RequestOf(PlaceOrderRequest order, params string[] keys)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = JsonContent.Create(order) };
        foreach (var key in keys)
        {
            request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, key).Should().BeTrue();
        }

        return request;
    }

    private sealed record Answer(HttpStatusCode Status, string? Location, string Body)
    {
        public Guid Id => Guid.Parse(Location!.Split('/')[^1]);
    }
}
