using System.Text;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.BadInput;

/// <summary>G7: a row that somebody damaged goes to the dead letters as it is, and the rows around it to their handlers.</summary>
public sealed class DamagedRowTests
{
    private const string Secret = "4111-1111-1111-1111";
    private const string GoodBody = """{"orderId":"4111-1111-1111-1111","number":1}""";
    private const string GoodHeaders =
        """{"source":"/test","time":"2026-01-01T00:00:00Z","datacontenttype":"application/json","conversationid":"01890000-0000-7000-8000-000000000000"}""";

    public static TheoryData<DatabaseKind, string> Damages
    {
        get
        {
            var damages = new TheoryData<DatabaseKind, string>();
            foreach (var kind in Enum.GetValues<DatabaseKind>())
            {
                foreach (var name in Rows.Keys)
                {
                    damages.Add(kind, name);
                }
            }

            return damages;
        }
    }

    private static Dictionary<string, OutboxRow> Rows => new()
    {
        ["unknown type"] = Row(type: "nobody.knows"),
        ["a type of .NET"] = Row(type: "System.Diagnostics.Process, System.Diagnostics.Process"),
        ["type in another case"] = Row(type: "SHOP.order-placed"),
        ["no type"] = Row(type: ""),
        ["type for another endpoint"] = Row(type: "billing.charge-card"),
        ["body cut off"] = Row(body: Utf8("""{"orderId":"4111-1111-1111-1111","num""")),
        ["body is text"] = Row(body: Utf8("4111-1111-1111-1111 is no JSON")),
        ["body is null"] = Row(body: Utf8("null")),
        ["no body"] = Row(body: []),
        ["body is no UTF-8"] = Row(body: [.. "{\"orderId\":\""u8, 0xC3, 0x28, 0xFF, .. "\",\"number\":1}"u8]),
        ["body of another type"] = Row(body: Utf8("""{"orderId":{"a":1},"number":"4111-1111-1111-1111"}""")),
        ["body too deep"] = Row(body: Utf8($$"""{"x":{{new string('[', 1000)}}{{new string(']', 1000)}}}""")),
        ["headers cut off"] = Row(headers: GoodHeaders[..^20] + Secret),
        ["headers are text"] = Row(headers: Secret),
        ["no headers"] = Row(headers: ""),
        ["headers without anything"] = Row(headers: "{}"),
        ["headers are null"] = Row(headers: "null"),
        ["headers with a wrong id"] = Row(headers: GoodHeaders.Replace("01890000-", Secret, StringComparison.Ordinal)),
        ["headers with a wrong time"] = Row(headers: GoodHeaders.Replace("2026-01-01", "2026-13-41", StringComparison.Ordinal)),
        ["headers with a number"] = Row(headers: GoodHeaders.Replace("\"/test\"", "4111", StringComparison.Ordinal)),
        ["headers too deep"] = Row(headers: $$"""{"x":{{new string('[', 1000)}}{{new string(']', 1000)}}}"""),
    };

    [Theory, MemberData(nameof(Damages))]
    public async Task A_damaged_row_is_a_dead_letter_whole_and_its_neighbours_are_handled(DatabaseKind kind, string damage)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, m => ShopHost.Messages(m)
            .Endpoint("billing", e => e.Handle<ChargeCard, Handler>())
            .Endpoint("shop", e => e.Handle<OrderPlaced, Handler>()));
        var row = Rows[damage];
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
            db.Add(row);
            await db.SaveChangesAsync();
            bus.Publish(new OrderPlaced("a", 2));
            bus.Publish(new OrderPlaced("b", 3));
            await db.SaveChangesAsync();
        });

        await shop.StartAsync();
        await shop.HandledAsync(3);
        await shop.StopAsync();

        shop.Handled.Calls.Where(call => call.Key == "a").Select(call => call.Number).Should().Equal(1, 2);
        (await shop.OutboxAsync()).Should().BeEmpty();
        var letter = (await shop.DeadLettersAsync()).Should().ContainSingle().Subject;
        letter.Endpoint.Should().Be("shop");
        letter.MessageId.Should().Be(row.MessageId);
        letter.Type.Should().Be(row.Type);
        letter.Key.Should().Be("a");
        letter.Body.Should().Equal(row.Body);
        letter.Reason.Should().NotBeEmpty().And.NotContain(Secret);
        letter.Attempts.Should().Be(1);
        if (damage.StartsWith("headers", StringComparison.Ordinal) || damage == "no headers")
        {
            letter.Headers.Should().Be(row.Headers);
        }
        else
        {
            letter.Headers.Should().Contain("\"/test\"").And.Contain("01890000-0000-7000-8000-000000000000");
        }

        shop.Log.Lines.Should().NotContain(line => line.Text.Contains(Secret) || (line.Exception != null && line.Exception.ToString().Contains(Secret)));
    }

    [Theory, EachDatabase]
    public async Task A_row_for_a_destination_that_nobody_knows_stays_and_others_are_handled(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Add(Row(destination: "moved away"));
            await db.SaveChangesAsync();
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
        });

        await shop.StartAsync();
        await shop.HandledAsync(3);
        await shop.StopAsync();

        (await shop.OutboxAsync()).Should().ContainSingle().Which.Destination.Should().Be("moved away");
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_failure_that_the_database_cannot_print_keeps_no_message_from_the_dead_letters(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m => ShopHost.Messages(m)
            .Endpoint("billing", e => e.Handle<ChargeCard, Handler>())
            .Endpoint("shop", e => e.Handle<OrderPlaced, UnprintableHandler>().OnFailure(f => f.RetryImmediately(0)).Concurrency(1)));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(2);
        await shop.StopAsync();

        (await shop.OutboxAsync()).Should().BeEmpty();
        (await shop.DeadLettersAsync()).Should().ContainSingle().Which.Failure.Should().Contain("before").And.Contain("after");
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static OutboxRow Row(string type = "shop.order-placed", byte[]? body = null, string headers = GoodHeaders, string destination = "shop") => new()
    {
        MessageId = Guid.CreateVersion7(),
        Destination = destination,
        Bucket = Messaging.Toolkit.Messages.MessageKeys.Bucket("a", Messaging.Toolkit.Outbox.OutboxOptions.Buckets),
        Key = "a",
        Type = type,
        Headers = headers,
        Body = body ?? Utf8(GoodBody),
        CreatedAt = DateTime.UtcNow,
    };

    private sealed class Handler(Handled handled) : IHandle<OrderPlaced>, IHandle<ChargeCard>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            handled.Add("handler", context.Key, message.Number);
            return Task.CompletedTask;
        }

        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class UnprintableHandler(Handled handled) : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            if (message.Number == 1)
            {
                // The second message waits for this one: it is handled when this one has come to its end.
                handled.Add("failing", context.Key, message.Number);
                throw new NotSupportedException("before \0 \uD800 after");
            }

            handled.Add("handled", context.Key, message.Number);
            return Task.CompletedTask;
        }
    }
}
