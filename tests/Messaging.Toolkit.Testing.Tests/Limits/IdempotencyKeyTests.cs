using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Limits;

/// <summary>However often something is asked for under one key, it is done once, and so is everything that follows from it.</summary>
public sealed class IdempotencyKeyTests
{
    [Fact]
    public void What_is_published_again_under_its_key_takes_effect_once_through_the_whole_chain()
    {
        using var harness = Desk.Start(work: (message, context, _) =>
        {
            context.Publish(new Noted(message.Number));
            return Task.CompletedTask;
        });

        for (var i = 0; i < 3; i++)
        {
            harness.Publish("a", [1], options => options.IdempotencyKey = "ann/1");
            harness.WaitUntilIdle();
            harness.Advance(TimeSpan.FromMinutes(1));
        }

        harness.Publish("a", [2], options => options.IdempotencyKey = "ann/2");
        harness.Publish("a", [3, 4]);
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1, 2, 3, 4);
        harness.Handled<Noted>("archive").Select(handled => handled.Message.Number).Should().Equal(1, 2, 3, 4);
        harness.Published<Request>().First().Envelope.IdempotencyKey.Should().Be("ann/1");
        harness.DeadLetters.Should().BeEmpty();
    }

    [Fact]
    public void In_one_transaction_too()
    {
        using var harness = Desk.Start();

        harness.Publish(null, [1, 1, 1], options => options.IdempotencyKey = "ann/1");
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1);
    }

    [Fact]
    public void It_leaves_by_itself_under_the_same_id()
    {
        using var harness = Desk.Start();

        harness.Publish("a", [1], options => options.IdempotencyKey = "ann/1");
        harness.Run<IMessageBus>(bus => bus.PublishNowAsync(new Request("a", 1), options => options.IdempotencyKey = "ann/1"));
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1);
    }

    [Fact]
    public void In_a_handler_it_names_the_message_whatever_caused_it()
    {
        using var harness = Desk.Start(work: (message, context, _) =>
        {
            context.Publish(new Noted(message.Number), options => options.IdempotencyKey = "once a day");
            context.Publish(new Noted(message.Number));
            return Task.CompletedTask;
        });

        harness.Publish("a", [1, 2]);
        harness.WaitUntilIdle();

        harness.Handled<Noted>("archive").Should().HaveCount(3, "the one of the day, and one for each request");
        harness.Published<Noted>().Select(published => published.Envelope.CausationId).Should().NotContainNulls();
    }

    [Fact]
    public void Another_type_is_another_message()
    {
        using var harness = Desk.Start();

        harness.Run<DeskDb>(async db =>
        {
            db.Publish(new Request("a", 1), options => options.IdempotencyKey = "1");
            db.Publish(new Noted(1), options => options.IdempotencyKey = "1");
            await db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1);
        harness.Handled<Noted>().Should().ContainSingle();
    }

    public static TheoryData<string, string> Nonsense => new()
    {
        { "", "the idempotency key is empty: leave it out for a message of its own" },
        { new string('k', 513), "the idempotency key has 513 bytes, the limit is 512" },
        { new string('ä', 257), "the idempotency key has 514 bytes, the limit is 512" },
        { "a\0b", "the idempotency key contains a control character" },
        { "a\r\nb", "the idempotency key contains a control character" },
    };

    [Theory, MemberData(nameof(Nonsense))]
    public void Nonsense_is_refused(string key, string reason) => Refused(key).Should().Be($"'request' cannot be published: {reason}{(reason.EndsWith("512", StringComparison.Ordinal) ? ": use an id or a hash" : "")}.");

    [Fact]
    public void Half_a_character_is_refused() => Refused("a\uD83Eb").Should().Contain("the idempotency key is not valid Unicode");

    [Fact]
    public void The_longest_key_is_fine()
    {
        using var harness = Desk.Start();

        harness.Publish("a", [1], options => options.IdempotencyKey = new string('ä', 256));
        harness.WaitUntilIdle();

        harness.Done().Should().Equal(1);
    }

    [Fact]
    public void A_reply_cannot_have_one()
    {
        using var harness = Desk.Start();

        var reply = () => harness.Run<IServiceProvider>(scope =>
        {
            scope.GetRequiredService<IMessageBus>().Reply(new Noted(1), new Messages.ReplyAddress("archive", "1"), options => options.IdempotencyKey = "1");
            return Task.CompletedTask;
        });

        reply.Should().Throw<MessagingException>().WithMessage("*a reply cannot have an idempotency key: it is the one to its request.");
    }

    private static string Refused(string key)
    {
        using var harness = Desk.Start();
        var publish = () => harness.Publish("a", [1], options => options.IdempotencyKey = key);

        return publish.Should().Throw<MessagingException>().Which.Message;
    }
}
