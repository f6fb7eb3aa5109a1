using System.Threading.Channels;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>What the relay does when a transport fails, gives back or refuses.</summary>
public sealed class TransportTests
{
    private const int Messages = 40;
    private const int Keys = 4;

    [Theory, EachDatabase]
    public async Task While_the_destination_is_down_messages_wait_and_then_leave_in_their_order(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var transport = new ScriptedTransport { IsDown = true };
        await using var shop = await StartAsync(database, transport);
        await PublishAsync(shop);

        await transport.FailedAsync(3);
        (await shop.OutboxAsync()).Should().HaveCount(Messages, "nothing is lost while there is nowhere to send it");
        transport.IsDown = false;
        await transport.ArrivedAsync(Messages);
        await shop.StopAsync();

        ShouldBeInOrder(transport);
        (await shop.OutboxAsync()).Should().BeEmpty();
        shop.Log.Lines.Should().Contain(line => line.Id == 1, "an operator must see it");
    }

    [Theory, EachDatabase]
    public async Task A_sender_that_breaks_is_replaced_and_what_it_did_not_confirm_is_sent_again(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var transport = new ScriptedTransport { BreaksAfter = 7 };
        await using var shop = await StartAsync(database, transport);
        await PublishAsync(shop);

        await transport.ArrivedAsync(Messages);
        await shop.StopAsync();

        transport.Opened.Should().BeGreaterThan(1);
        ShouldBeInOrder(transport);
        (await shop.OutboxAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_message_that_is_refused_goes_to_the_dead_letters_whole_and_the_others_leave(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var transport = new ScriptedTransport { Refuses = number => number % 10 == 3 };
        await using var shop = await StartAsync(database, transport);
        await PublishAsync(shop);

        await transport.ArrivedAsync(Messages - 4);
        await shop.StopAsync();

        var letters = await shop.DeadLettersAsync();
        letters.Should().HaveCount(4).And.OnlyContain(letter => letter.Reason == "too large for this destination" && letter.Body.Length > 0);
        (await shop.OutboxAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task Who_waits_for_a_reply_to_a_message_that_is_refused_is_told(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var transport = new ScriptedTransport { Refuses = number => number == 3 };
        await using var shop = await StartAsync(database, transport);
        await shop.InScopeAsync(async (db, bus) =>
        {
            ((MessageBus)bus).Add(new OrderPlaced("a", 3), MessageKind.Event, new Addressing { ReplyTo = new ReplyAddress("asker", "request 1", "the asker's key") });
            bus.Publish(new OrderPlaced("a", 4));
            await db.SaveChangesAsync();
        });

        await transport.ArrivedAsync(1);
        await shop.StopAsync();

        var letter = (await shop.DeadLettersAsync()).Should().ContainSingle().Subject;
        var row = (await shop.OutboxAsync()).Should().ContainSingle("nobody here brings messages to the asker").Subject;
        row.Should().BeEquivalentTo(new { Destination = "asker", Type = "messaging.answer", Key = "the asker's key" });
        var notice = EnvelopeHeaders.Read(row.MessageId, row.Type, row.Key, row.Headers, row.Body);
        notice.Should().BeEquivalentTo(new { Recipient = "asker", InReplyTo = "request 1", ReplyTo = (ReplyAddress?)null, CausationId = letter.MessageId, ConversationId = letter.MessageId });
        notice.Body.ToArray().Should().Equal("""{"handled":false,"reason":"too large for this destination"}"""u8.ToArray());
    }

    [Theory, EachDatabase]
    public async Task A_message_that_is_given_back_is_sent_again(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var transport = new ScriptedTransport { ReturnsOnce = true };
        await using var shop = await StartAsync(database, transport);
        await PublishAsync(shop);

        await transport.ArrivedAsync(Messages);
        await shop.StopAsync();

        transport.Arrived.Distinct().Should().HaveCount(Messages);
        (await shop.OutboxAsync()).Should().BeEmpty();
    }

    private static Task<ShopHost> StartAsync(TestDatabase database, ScriptedTransport transport)
        => ShopHost.StartAsync(database, Script.Of(messaging: m =>
        {
            m.UseTransport("scripted", (_, _) => transport);
            m.Outbox(o => o.MaxBackoff = TimeSpan.FromMilliseconds(200));
        }));

    private static Task PublishAsync(ShopHost shop) => shop.InScopeAsync(async (db, bus) =>
    {
        for (var number = 0; number < Messages; number++)
        {
            bus.Publish(new OrderPlaced($"order-{number % Keys}", number));
        }

        await db.SaveChangesAsync();
    });

    private static void ShouldBeInOrder(ScriptedTransport transport)
    {
        transport.Arrived.Distinct().Should().HaveCount(Messages);
        foreach (var ofKey in transport.Arrived.Distinct().GroupBy(number => number % Keys))
        {
            ofKey.Should().BeInAscendingOrder("first arrivals of a key are in its order");
        }
    }

    /// <summary>A broker with one queue, that does what a test wants.</summary>
    private sealed class ScriptedTransport : ITransport
    {
        private readonly Handled arrived = new();
        private readonly Handled failed = new();
        private int opened;

        public volatile bool IsDown;

        public int? BreaksAfter { get; set; }

        public Func<int, bool> Refuses { get; init; } = _ => false;

        public bool ReturnsOnce { get; init; }

        public string Name => "scripted";

        public int Opened => Volatile.Read(ref opened);

        public IEnumerable<int> Arrived => arrived.Calls.Select(call => call.Number);

        public Task ArrivedAsync(int count) => arrived.WaitAsync(count).WaitAsync(TimeSpan.FromSeconds(60));

        public Task FailedAsync(int count) => failed.WaitAsync(count).WaitAsync(TimeSpan.FromSeconds(60));

        public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => [type.Name];

        public string GetDestination(string endpoint) => endpoint;

        public ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref opened);
            if (IsDown)
            {
                failed.Add("", null, 0);
                throw new IOException("There is nobody at that address.");
            }

            return new(new Sender(this));
        }

        public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken) => new(new NoReceiver());

        private sealed class Sender(ScriptedTransport transport) : ISender
        {
            private readonly Channel<SendResult> results = Channel.CreateUnbounded<SendResult>();
            private readonly HashSet<long> returned = [];

            public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
            {
                foreach (var message in messages)
                {
                    var number = int.Parse(System.Text.Json.JsonDocument.Parse(message.Envelope.Body).RootElement.GetProperty("number").GetRawText(), null);
                    if (transport.BreaksAfter is { } count && transport.arrived.Calls.Count >= count)
                    {
                        transport.BreaksAfter = null;
                        throw new IOException("The connection was reset.");
                    }

                    if (transport.Refuses(number))
                    {
                        results.Writer.TryWrite(new SendResult(message.Token, SendStatus.Refused, "too large for this destination"));
                    }
                    else if (transport.ReturnsOnce && number % 5 == 0 && returned.Add(message.Token))
                    {
                        results.Writer.TryWrite(new SendResult(message.Token, SendStatus.Returned));
                    }
                    else
                    {
                        transport.arrived.Add("", message.Envelope.Key, number);
                        results.Writer.TryWrite(new SendResult(message.Token, SendStatus.Confirmed));
                    }
                }

                return ValueTask.CompletedTask;
            }

            public async ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken) => [await results.Reader.ReadAsync(cancellationToken)];

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }

        private sealed class NoReceiver : IReceiver
        {
            public async ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return [];
            }

            public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken) => ValueTask.CompletedTask;

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
