using System.Threading.Channels;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Tests.Runtime;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Tests.Outbox;

/// <summary>The relay step by step, on a clock that stands still: nothing here depends on how fast anything is.</summary>
public sealed class RelayTests
{
    private readonly ManualTimeProvider time = new();

    /// <summary>Ten messages are published for each that is handled: what has been read and is not handled yet is bounded, in number and in bytes.</summary>
    [Fact]
    public async Task Who_publishes_faster_than_handlers_run_fills_the_table_and_not_the_memory()
    {
        const int BodyBytes = 16 * 1024;
        var options = new OutboxOptions { Window = 500, WindowBytes = 4 * 1024 * 1024 };
        var store = new MemoryStore(BodyBytes);
        var transport = new InProcessTransport();
        await using var sender = await transport.OpenSenderAsync(CancellationToken.None);
        await using var receiver = await transport.OpenReceiverAsync("slow", prefetch: 100, CancellationToken.None);
        var relay = await RelayAsync(store, transport, options, "slow");
        var held = new Queue<Delivery>();
        var (most, handled) = (0, 0);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var step = 0; step < 2000; step++)
        {
            for (var i = 0; i < 10; i++)
            {
                store.Add("slow");
            }

            await relay.SendAsync(sender);
            most = Math.Max(most, transport.QueueOf("slow").Reader.Count + held.Count);
            foreach (var delivery in held.Count < 100 ? await receiver.ReceiveAsync(100 - held.Count, CancellationToken.None) : [])
            {
                held.Enqueue(delivery);
            }

            await receiver.SettleAsync([held.Dequeue()], Settlement.Done, CancellationToken.None);
            handled++;
            await relay.ConfirmAsync(sender);
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        store.CountOf("slow").Should().Be(20_000 - handled, "what is not handled is still in the table");
        most.Should().BeInRange(200, 257, "there are 4 MiB for bodies of 16 KiB, and one message more");
        grown.Should().BeLessThan(12 * 1024 * 1024, "the table would be {0} MiB", (20_000 - handled) * (BodyBytes / 1024) / 1024);
    }

    /// <summary>One destination gives back whatever it gets. The other one has everything as soon as without it, and the dead one is asked now and then.</summary>
    [Fact]
    public async Task A_destination_that_gives_everything_back_takes_neither_time_nor_room_from_the_others()
    {
        var store = new MemoryStore(bodyBytes: 10);
        var sender = new HalfDeadSender();
        var relay = await RelayAsync(store, new InProcessTransport(), new OutboxOptions(), "dead", "alive");
        for (var i = 0; i < 5000; i++)
        {
            store.Add("dead", $"key {i % 100}");
        }

        var steps = 0;
        for (; steps < 600; steps++)
        {
            store.Add("alive", $"key {steps % 10}");
            await relay.SendAsync(sender);
            while (sender.HasResults)
            {
                await relay.ConfirmAsync(sender);
            }

            store.CountOf("alive").Should().Be(0, "it left in its own step, whatever the other one does");
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        sender.Confirmed.Should().Be(600);
        store.CountOf("dead").Should().Be(5000, "nothing of it is lost");
        sender.RoundsOfTheDead.Should().BeInRange(5, 16, "in a minute: at first after 50 ms, then after twice that, at last every 15 s");

        sender.IsAlive = true;
        for (steps = 0; store.CountOf("dead") > 0; steps++)
        {
            steps.Should().BeLessThan(200, "it goes on by itself when it is back");
            await relay.SendAsync(sender);
            while (sender.HasResults)
            {
                await relay.ConfirmAsync(sender);
            }

            time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>A destination that never says anything fills its own window, and is then not even read.</summary>
    [Fact]
    public async Task A_destination_that_confirms_nothing_is_not_read_any_more()
    {
        var store = new MemoryStore(bodyBytes: 10);
        var sender = new HalfDeadSender { IsSilent = true };
        var relay = await RelayAsync(store, new InProcessTransport(), new OutboxOptions { Window = 100 }, "dead", "alive");
        for (var i = 0; i < 5000; i++)
        {
            store.Add("dead");
        }

        for (var step = 0; step < 100; step++)
        {
            store.Add("alive");
            await relay.SendAsync(sender);
            await relay.ConfirmAsync(sender);
            store.CountOf("alive").Should().Be(0);
        }

        sender.SentToTheDead.Should().Be(100, "its window");
    }

    /// <summary>What is confirmed makes room at once, and its row does not stay until everything is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_row_is_deleted_in_time_whatever_else_is_under_way(bool isAwaited)
    {
        var store = new MemoryStore(bodyBytes: 10);
        var sender = new HalfDeadSender { IsSilent = true };
        var relay = await RelayAsync(store, new InProcessTransport(), new OutboxOptions(), "dead", "alive");
        store.Add("dead");
        store.Add("alive");
        var deleting = isAwaited ? relay.Relay.DeleteOnceAsync(CancellationToken.None) : null;
        await relay.SendAsync(sender);
        await relay.Relay.ConfirmOnceAsync(sender, relay.Results, CancellationToken.None);
        deleting ??= relay.Relay.DeleteOnceAsync(CancellationToken.None);
        await time.TimersAsync(1);

        time.Advance(new OutboxOptions().Gathering - TimeSpan.FromMilliseconds(1));
        store.CountOf("alive").Should().Be(1, "another one might be confirmed");
        time.Advance(TimeSpan.FromMilliseconds(1));
        await deleting;

        store.CountOf("alive").Should().Be(0);
    }

    /// <summary>The clock stands still: the relay does not wait for more rows when no more will come.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_relay_that_stops_deletes_at_once(bool isConfirmedBefore)
    {
        var store = new MemoryStore(bodyBytes: 10);
        var sender = new PostmanSender();
        var relay = await RelayAsync(store, sender, new OutboxOptions(), "alive");
        store.Add("alive");
        relay.Relay.Start();
        var token = await sender.SentAsync();
        await sender.AskedAsync();
        if (isConfirmedBefore)
        {
            sender.Report(token, SendStatus.Confirmed);
            await sender.AskedAsync();
            store.CountOf("alive").Should().Be(1, "more might be confirmed soon");
        }

        var stopping = relay.Relay.StopAsync(CancellationToken.None);
        if (!isConfirmedBefore)
        {
            sender.Report(token, SendStatus.Confirmed);
        }

        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
        store.CountOf("alive").Should().Be(0);
    }

    /// <summary>A failing database takes nothing from what is to be deleted.</summary>
    [Fact]
    public async Task What_could_not_be_deleted_is_deleted_the_next_time_and_not_sent_meanwhile()
    {
        var store = new MemoryStore(bodyBytes: 10) { FailingDeletes = 1 };
        var sender = new HalfDeadSender();
        var relay = await RelayAsync(store, new InProcessTransport(), new OutboxOptions(), "alive");
        store.Add("alive");
        await relay.SendAsync(sender);
        await relay.Awaiting(each => each.ConfirmAsync(sender)).Should().ThrowAsync<InvalidOperationException>();

        await relay.SendAsync(sender);
        sender.Confirmed.Should().Be(1);
        await relay.Relay.DeleteAsync(CancellationToken.None);
        store.CountOf("alive").Should().Be(0);
    }

    [Fact]
    public async Task A_relay_that_stops_ends_when_the_last_message_has_come_back()
    {
        var store = new MemoryStore(bodyBytes: 10);
        var sender = new PostmanSender();
        var relay = await RelayAsync(store, sender, new OutboxOptions(), "away");
        store.Add("away");
        relay.Relay.Start();
        var token = await sender.SentAsync();
        await relay.Relay.StopSendingAsync(CancellationToken.None);
        var stopping = relay.Relay.StopAsync(CancellationToken.None);
        await time.TimersAsync(1);

        stopping.IsCompleted.Should().BeFalse("it may still be confirmed");
        sender.Report(token, SendStatus.Returned);

        await stopping.WaitAsync(TimeSpan.FromSeconds(10)); // The clock stands still: nothing else can wake it.
        store.CountOf("away").Should().Be(1);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(int.MaxValue, 1)]
    public async Task A_relay_that_must_stop_at_once_still_deletes_what_was_confirmed(int failingDeletes, int left)
    {
        var store = new MemoryStore(bodyBytes: 10) { FailingDeletes = failingDeletes };
        var sender = new PostmanSender();
        var relay = await RelayAsync(store, sender, new OutboxOptions(), "alive", "silent");
        store.Add("alive");
        store.Add("silent");
        relay.Relay.Start();
        await sender.AskedAsync();
        sender.Report(await sender.SentAsync(), SendStatus.Confirmed);
        await sender.AskedAsync(); // For the next, having taken in the first.
        await sender.SentAsync();

        store.CountOf("alive").Should().Be(1);
        var stopping = relay.Relay.StopAsync(new CancellationToken(canceled: true));
        for (var step = 0; failingDeletes > 1 && !stopping.IsCompleted && step < 1_000_000; step++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100)); // It tries again, but not for ever.
            await Task.Yield();
        }

        await stopping.WaitAsync(TimeSpan.FromSeconds(10));

        store.CountOf("alive").Should().Be(left);
        store.CountOf("silent").Should().Be(1);
    }

    private async Task<SteppedRelay> RelayAsync(MemoryStore store, ITransport transport, OutboxOptions options, params string[] destinations)
    {
        var wake = new Signal(time);
        var metrics = new MessagingMetrics();
        var leases = new LeaseKeeper(store, "one", options, wake.Set, time, metrics, NullLogger.Instance);
        for (var round = 0; round < 3; round++)
        {
            await leases.RunOnceAsync(CancellationToken.None);
        }

        leases.Buckets.Should().HaveCount(OutboxOptions.Buckets);
        var telemetry = new RelayTelemetry("store", transport, addresses: null!, new MessagingTracer(metrics.Guard, time), metrics, time);
        var relay = new OutboxRelay(store, "store", transport, outgoing: null!, leases, destinations, options, wake, time, new SeededEntropy(1), metrics, telemetry, NullLogger.Instance, new WorkState("relay"));
        return new SteppedRelay(relay, leases, wake);
    }

    /// <summary>A relay that never waits: it is woken before it could.</summary>
    private sealed record SteppedRelay(OutboxRelay Relay, LeaseKeeper Leases, Signal Wake)
    {
        public Queue<SendResult> Results { get; } = new();

        public async Task SendAsync(ISender sender)
        {
            await Leases.RunOnceAsync(CancellationToken.None);
            Wake.Set();
            await Relay.SendOnceAsync(sender, CancellationToken.None);
        }

        public async Task ConfirmAsync(ISender sender)
        {
            await Relay.ConfirmOnceAsync(sender, Results, CancellationToken.None);
            while (await Relay.DeleteAsync(CancellationToken.None))
            {
                // Until nothing is left.
            }
        }
    }

    /// <summary>The only sender of its transport, which reports what it is told to.</summary>
    private sealed class PostmanSender : ITransport, ISender
    {
        private readonly Channel<long> sent = Channel.CreateUnbounded<long>();
        private readonly Channel<SendResult> results = Channel.CreateUnbounded<SendResult>();
        private readonly SemaphoreSlim asked = new(0);

        public string Name => "postman";

        public Task<long> SentAsync() => sent.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        /// <summary>Until it is asked for results, once for each time that it is.</summary>
        public async Task AskedAsync() => (await asked.WaitAsync(TimeSpan.FromSeconds(10))).Should().BeTrue();

        public void Report(long token, SendStatus status) => results.Writer.TryWrite(new SendResult(token, status));

        public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
            {
                sent.Writer.TryWrite(message.Token);
            }

            return ValueTask.CompletedTask;
        }

        public async ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken)
        {
            asked.Release();
            return [await results.Reader.ReadAsync(cancellationToken)];
        }

        public ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken) => new(this);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => throw new NotSupportedException();

        public string GetDestination(string endpoint) => throw new NotSupportedException();
    }

    /// <summary>Confirms what is for "alive".</summary>
    private sealed class HalfDeadSender : ISender
    {
        private readonly List<SendResult> results = [];

        public bool IsSilent { get; init; }

        public bool IsAlive { get; set; }

        public int Confirmed { get; private set; }

        public int SentToTheDead { get; private set; }

        public int RoundsOfTheDead { get; private set; }

        public bool HasResults => results.Count > 0;

        public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
        {
            RoundsOfTheDead += messages.Any(message => message.Destination == "dead") ? 1 : 0;
            foreach (var message in messages)
            {
                if (message.Destination == "alive" || IsAlive)
                {
                    Confirmed++;
                    results.Add(new SendResult(message.Token, SendStatus.Confirmed));
                }
                else
                {
                    SentToTheDead++;
                    if (!IsSilent)
                    {
                        results.Add(new SendResult(message.Token, SendStatus.Returned));
                    }
                }
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken)
        {
            IReadOnlyList<SendResult> read = [.. results];
            results.Clear();
            return new(read);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
