using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Messages;

public sealed class MessageIdsTests
{
    private static readonly Guid Cause = new("01890a5d-ac96-774b-bcce-b302099a8057");

    [Fact]
    public void A_new_id_is_a_UUIDv7_of_now()
    {
        var time = new ManualTimeProvider();
        var ids = new MessageIds(time, new SeededEntropy(1));

        for (var i = 0; i < 1000; i++)
        {
            var id = ids.New();
            id.Version.Should().Be(7);
            (id.Variant & 0b1100).Should().Be(0b1000);
            TimeOf(id).Should().Be(time.GetUtcNow());
            time.Advance(TimeSpan.FromMilliseconds(997));
        }
    }

    [Fact]
    public void New_ids_differ_and_follow_their_times()
    {
        var time = new ManualTimeProvider();
        var ids = new MessageIds(time, new SeededEntropy(1));
        var all = Enumerable.Range(0, 10_000).Select(_ =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            return ids.New();
        }).ToList();

        all.Should().OnlyHaveUniqueItems();
        all.Select(id => id.ToString()).Should().BeInAscendingOrder(StringComparer.Ordinal);
        Enumerable.Range(0, 10_000).Select(_ => ids.New()).Should().OnlyHaveUniqueItems("within a millisecond too");
    }

    [Fact]
    public void The_id_of_a_caused_message_is_the_same_in_every_run_process_and_version()
    {
        // A message that is handled again after an upgrade must send the same ids as before it.
        MessageIds.Derive(Envelope(Cause), "billing", 1, "billing.card-charged").Should().Be(new Guid("01890a5d-ac96-79e5-afbf-7851d6ba7853"));
        MessageIds.Derive(Envelope(Cause), "billing", 2, "billing.card-charged").Should().Be(new Guid("01890a5d-ac96-7d8d-8609-516ca2dc6fc1"));
        MessageIds.Derive(Envelope(Guid.Empty), "shöp", int.MaxValue, "").Should().Be(new Guid("019b76da-a800-7709-bb37-5a0202fafa1b"));
    }

    [Fact]
    public void It_is_a_UUIDv7_with_the_time_of_its_cause()
    {
        var id = MessageIds.Derive(Envelope(Cause), "billing", 1, "type");

        id.Version.Should().Be(7);
        (id.Variant & 0b1100).Should().Be(0b1000);
        TimeOf(id).Should().Be(TimeOf(Cause));
    }

    [Fact]
    public void If_the_cause_has_a_foreign_id_the_time_is_that_of_the_message()
    {
        var id = MessageIds.Derive(Envelope(new Guid("6fa459ea-ee8a-4ca4-894e-db77e160355e")), "billing", 1, "type");

        id.Version.Should().Be(7);
        TimeOf(id).Should().Be(ManualTimeProvider.Start);
    }

    [Fact]
    public void Whatever_is_different_makes_a_different_id()
    {
        var ids = new List<Guid>();
        foreach (var cause in new[] { Cause, Guid.Empty, new Guid("01890a5d-ac96-774b-bcce-b302099a8058") })
        {
            foreach (var endpoint in new[] { "", "a", "ab", "abc", "A" })
            {
                foreach (var type in new[] { "", "c", "bc", "abc", "C" })
                {
                    ids.AddRange(Enumerable.Range(1, 100).Select(n => MessageIds.Derive(Envelope(cause), endpoint, n, type)));
                }
            }
        }

        ids.Should().HaveCount(3 * 5 * 5 * 100).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void The_id_of_a_key_is_the_same_in_every_process_and_version_and_another_one_for_whatever_differs()
    {
        MessageIds.OfIdempotencyKey("/shop", "shop.order-placed", "ann/1").Should().Be(new Guid("9d5a0b0f-4ab7-8b7b-a6b7-1f3d5eabb955"));

        var parts = new[] { "", "a", "ab", "b", "A", "idempotency-key" };
        var ids = parts.SelectMany(source => parts.SelectMany(type => parts.Select(key => MessageIds.OfIdempotencyKey(source, type, key)))).ToList();
        ids.Should().OnlyHaveUniqueItems().And.OnlyContain(id => id.Version == 8);
        ids.Should().NotContain(MessageIds.OfForeign("a", "b"));
    }

    [Fact]
    public void What_follows_from_a_key_follows_from_nothing_else()
    {
        var key = MessageIds.OfIdempotencyKey("/", "t", "1");

        MessageIds.Derive(Published(at: 0), "billing", 1, "type").Should().Be(MessageIds.Derive(Published(at: 1), "billing", 1, "type"), "it may be published again later");
        MessageIds.Derive(Published(at: 0), "billing", 1, "type").Should().NotBe(MessageIds.Derive(Published(at: 0), "billing", 2, "type"));

        MessageEnvelope Published(int at) => new()
        {
            Id = key, Type = "t", Source = "/", Time = ManualTimeProvider.Start.AddDays(at), ContentType = "c", ConversationId = key, Body = default, IdempotencyKey = "1",
        };
    }

    private static DateTimeOffset TimeOf(Guid id)
        => DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(id.ToString("N")[..12], 16));

    private static MessageEnvelope Envelope(Guid id) => new()
    {
        Id = id,
        Type = "t",
        Source = "/",
        Time = ManualTimeProvider.Start,
        ContentType = "c",
        ConversationId = id,
        Body = default,
    };
}
