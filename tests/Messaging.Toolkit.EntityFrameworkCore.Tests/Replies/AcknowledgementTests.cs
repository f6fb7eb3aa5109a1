using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Replies;

/// <summary>Who wants to know hears once what has become of his message: handled, or given up.</summary>
public sealed class AcknowledgementTests
{
    private const string Handled = "shop: handled in reply to request 1, key the shop's key";
    private const string GivenUp = "shop: given up (its handler failed with NotSupportedException) in reply to request 1, key the shop's key";

    private static readonly ReplyAddress Acknowledged = Asking.Shop with { Acknowledge = true };

    [Theory, EachDatabase]
    public async Task The_asker_hears_that_his_message_was_handled_if_he_wants_to(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database);

        await shop.AskAsync(Acknowledged);
        await shop.AskAsync(Asking.Shop);
        await shop.HandledAsync(2);

        (await shop.HeardAsync()).Should().Equal(Handled);
    }

    [Theory, EachDatabase]
    public async Task A_reply_of_the_handlers_is_the_acknowledgement_of_which_the_asker_need_not_know_the_type(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database, call =>
        {
            call.Bus.Reply(new CardCharged("order", 1), call.Context.ReplyTo!);
            return Task.CompletedTask;
        });

        await shop.AskAsync(Acknowledged);
        await shop.HandledAsync(1);

        (await shop.HeardAsync()).Should().Equal(Handled);
    }

    [Theory, EachDatabase]
    public async Task A_reply_to_somebody_else_is_none(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database, call =>
        {
            call.Context.Reply(new CardCharged("order", 1), Asking.Shop with { Request = "request 2" });
            return Task.CompletedTask;
        });

        await shop.AskAsync(Acknowledged);
        await shop.HandledAsync(1);

        (await shop.HeardAsync()).Should().Equal("shop: charged 1 in reply to request 2, key the shop's key", Handled);
    }

    [Theory, EachDatabase]
    public async Task A_message_that_comes_again_is_acknowledged_once(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.CreateAsync(database, call => call.Context.Attempt == 1 ? throw new NotSupportedException() : Task.CompletedTask);
        await shop.AskAsync(Acknowledged);
        await shop.RepeatAllAsync();

        await shop.StartAsync();
        await shop.HandledAsync(2);

        (await shop.HeardAsync()).Should().Equal(Handled);
    }

    [Theory, EachDatabase]
    public async Task The_asker_hears_once_that_his_message_was_given_up_whether_he_wants_to_or_not(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.CreateAsync(database, call =>
        {
            call.Context.Reply(new CardCharged("order", 1));
            throw new NotSupportedException();
        });
        await shop.AskAsync(Asking.Shop);
        await shop.RepeatAllAsync();

        await shop.StartAsync();
        await Verdict.EventuallyAsync(async () => (await shop.EffectsAsync()).Count > 0, "a notice");

        (await shop.HeardAsync()).Should().Equal(GivenUp);
        var letter = (await shop.DeadLettersAsync()).Should().ContainSingle().Subject;
        (await shop.EffectsAsync()).Single().MessageId.Should().NotBe(letter.MessageId);
    }

    [Theory, EachDatabase]
    public async Task An_answer_that_nobody_handles_is_the_end_of_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await Asking.StartAsync(database, _ => throw new NotSupportedException());

        await shop.AskAsync(Acknowledged with { Endpoint = "audit" });
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 2, "two dead letters");

        (await shop.HeardAsync()).Should().BeEmpty();
        (await shop.DeadLettersAsync()).Select(letter => (letter.Endpoint, letter.Type)).Should().BeEquivalentTo([("billing", "billing.charge-card"), ("audit", "messaging.answer")]);
    }
}
