using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Replies;

/// <summary>Who asks gets the reply, once, and nobody else does.</summary>
public sealed class ReplyTests
{
    private const string Charged = "shop: charged 1 in reply to request 1, key the shop's key";

    [Theory, EachDatabase]
    public async Task A_reply_reaches_the_asker_alone_although_others_subscribe_to_its_type(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database, call =>
        {
            call.Context.ReplyTo.Should().Be(Asking.Shop);
            call.Context.Reply(new CardCharged("order", 1), options => options.Key = "not the asker's");
            return Task.CompletedTask;
        });

        await shop.AskAsync(Asking.Shop);
        await shop.HandledAsync(1);

        (await shop.HeardAsync()).Should().Equal(Charged);
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_reply_of_a_type_that_nobody_there_handles_is_a_dead_letter_of_the_asker(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database, call =>
        {
            call.Context.Reply(new OrderPlaced("order", 1));
            return Task.CompletedTask;
        });

        await shop.AskAsync(Asking.Shop);
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1, "a dead letter");

        (await shop.HeardAsync()).Should().BeEmpty("audit subscribes to it, and has not asked");
        (await shop.DeadLettersAsync()).Should().ContainSingle().Which.Endpoint.Should().Be("shop");
    }

    [Theory, EachDatabase]
    public async Task A_reply_can_be_sent_later_from_wherever_its_address_was_kept(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        ReplyAddress? kept = null;
        await using var shop = await Asking.StartAsync(database, call =>
        {
            kept = call.Context.ReplyTo;
            return Task.CompletedTask;
        });

        await shop.AskAsync(Asking.Shop);
        await shop.HandledAsync(1);
        (await shop.HeardAsync()).Should().BeEmpty();
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Reply(new CardCharged("order", 1), kept!);
            await db.SaveChangesAsync();
            db.Reply(new CardCharged("order", 2), kept!);
            await db.SaveChangesAsync();
        });

        (await shop.HeardAsync()).Should().Equal(Charged, Charged.Replace("charged 1", "charged 2", StringComparison.Ordinal));
    }

    [Theory, EachDatabase]
    public async Task A_handler_of_another_message_can_reply_too(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database, call =>
        {
            call.Context.ReplyTo.Should().BeNull();
            call.Context.Reply(new CardCharged("order", 1), Asking.Shop);
            return Task.CompletedTask;
        });

        await shop.AskAsync(replyTo: null);
        await shop.HandledAsync(1);

        (await shop.HeardAsync()).Should().Equal(Charged);
    }

    [Theory, EachDatabase]
    public async Task A_reply_of_an_attempt_that_fails_is_not_sent_and_that_of_the_next_one_is_sent_once(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.CreateAsync(database, async call =>
        {
            call.Context.Reply(new CardCharged("order", 1));
            await call.Db.SaveChangesAsync();
            if (call.Context.Attempt == 1)
            {
                throw new NotSupportedException();
            }
        });
        await shop.AskAsync(Asking.Shop);
        await shop.RepeatAllAsync();

        await shop.StartAsync();
        await shop.HandledAsync(2);

        (await shop.HeardAsync()).Should().Equal(Charged);
    }

    [Theory, EachDatabase]
    public async Task Who_replies_to_a_message_that_asks_for_nothing_is_told_what_to_do(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database, call =>
        {
            call.Context.Reply(new CardCharged("order", 1));
            return Task.CompletedTask;
        });

        await shop.AskAsync(replyTo: null);
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1, "a dead letter");

        (await shop.DeadLettersAsync()).Single().Failure.Should().Contain("'billing.charge-card'").And.Contain("asks for no reply: publish what has happened");
    }

    [Fact]
    public async Task What_cannot_be_a_reply_is_refused_at_the_call()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await Asking.CreateAsync(database);

        await shop.InScopeAsync((_, bus) =>
        {
            Refusal(() => bus.Reply(new ChargeCard("order"), Asking.Shop)).Should().Contain("a command and cannot be a reply");
            Refusal(() => bus.Reply(new object(), Asking.Shop)).Should().Contain("not a registered message");
            Refusal(() => bus.Reply(new CardCharged("order"), Asking.Shop with { Endpoint = "no such name" })).Should().Contain("cannot be one");
            Refusal(() => bus.Reply(new CardCharged("order"), Asking.Shop with { Request = "" })).Should().Contain("request to reply to is empty");
            Refusal(() => bus.Reply(new CardCharged("order"), Asking.Shop with { Request = new string('x', 201) })).Should().Contain("has 201 characters");
            Refusal(() => bus.Reply(new CardCharged("order"), Asking.Shop with { Key = "" })).Should().Contain("the key is empty");
            Refusal(() => ((MessageBus)bus).SendTo("no such name", new CardCharged("order"), Addressing.None)).Should().Contain("recipient cannot be an endpoint");
            return Task.CompletedTask;
        });
        (await shop.OutboxAsync()).Should().BeEmpty();

        static string Refusal(Action act) => act.Should().Throw<MessagingException>().Which.Message;
    }

    [Theory, EachDatabase]
    public async Task A_message_for_one_endpoint_reaches_it_alone_with_the_id_that_it_was_given(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database);
        var id = Guid.CreateVersion7();

        await shop.InScopeAsync(async (db, bus) =>
        {
            ((MessageBus)bus).SendTo("audit", new CardCharged("order", 7), new Addressing { Id = id, InReplyTo = "nobody's request" });
            await db.SaveChangesAsync();
        });

        (await shop.HeardAsync()).Should().Equal("audit: charged 7 in reply to nobody's request, key order");
        (await shop.EffectsAsync()).Should().ContainSingle().Which.MessageId.Should().Be(id);
    }
}
