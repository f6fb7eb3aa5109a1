using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>What is said of parked messages, and what becomes of those that a process has taken when it stops.</summary>
public sealed class ParkedMessagesTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>Than the pause after a failure of the store.</summary>
    private static readonly TimeSpan Longer = TimeSpan.FromSeconds(1);

    [Theory, EachDatabase]
    public async Task What_is_parked_at_an_endpoint_that_nobody_has_any_more_is_reported(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, Script.Of(messaging: m => m.Inbox(o => o.CleanupInterval = TimeSpan.FromSeconds(1))));
        foreach (var endpoint in new[] { "gone", "gone", "gone", "elsewhere", "shop" })
        {
            await ParkAsync(shop, endpoint, "key", endpoint == "shop" ? TimeSpan.FromHours(1) : TimeSpan.Zero);
        }

        await shop.QueryAsync(db => db.Set<ParkedRow>().Where(row => row.Endpoint == "gone" && row.DueAt != null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, row => row.DueAt!.Value.AddMinutes(-10))));
        await shop.StartAsync();

        await Verdict.EventuallyAsync(() => Task.FromResult(shop.Log.Lines.Count(line => line.Id == 35) >= 2), "two reports");
        shop.Log.Lines.Where(line => line.Id == 35).Should().OnlyContain(line => line.Text.StartsWith("ShopDb: 3 messages are parked at endpoint 'gone'"), "what is at 'elsewhere' may be taken any moment");
    }

    [Theory, EachDatabase]
    public async Task A_process_that_stops_the_moment_it_has_taken_parked_messages_gives_them_back(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var hasTaken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gates = new Gates
        {
            AfterTakeDue = count =>
            {
                if (count > 0)
                {
                    hasTaken.TrySetResult();
                    return goOn.Task;
                }

                return Task.CompletedTask;
            },
        };
        await using (var shop = await ShopHost.CreateAsync(database, m =>
        {
            Script.Of()(m);
            gates.Install(m);
        }))
        {
            await ParkAsync(shop, "shop", "key");
            await shop.StartAsync();
            await hasTaken.Task.WaitAsync(Soon);
            var stop = shop.StopAsync();
            goOn.SetResult();
            await stop.WaitAsync(Soon);
            shop.Handled.Calls.Should().BeEmpty();
        }

        await ShouldGoOnAtOnceAsync(database, effects: 1);
    }

    [Fact]
    public async Task A_process_that_can_receive_nothing_gives_back_what_waits_for_a_worker_when_it_stops()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql); // SQLite has one writer, and here a handler waits.
        var isHandling = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (var shop = await ShopHost.CreateAsync(database, Script.Of(
            call =>
            {
                isHandling.TrySetResult();
                return goOn.Task;
            },
            e => e.Concurrency(1),
            m => m.UseTransport("none", (_, _) => new NoTransport()))))
        {
            await ParkAsync(shop, "shop", "one");
            await ParkAsync(shop, "shop", "other");
            await shop.StartAsync();
            await isHandling.Task.WaitAsync(Soon);
            await Verdict.EventuallyAsync(() => shop.QueryAsync(db => db.Set<ParkedRow>().AllAsync(row => row.DueAt > DateTime.UtcNow)), "both are taken");
            var stop = shop.StopAsync();
            goOn.SetResult();
            await stop.WaitAsync(Soon);
            shop.Handled.Calls.Should().ContainSingle("the worker may finish, and takes nothing more");
            (await shop.EffectsAsync()).Should().ContainSingle("what runs is waited for");
        }

        await ShouldGoOnAtOnceAsync(database, effects: 2);
    }

    [Theory, EachDatabase]
    public async Task What_was_parked_or_buried_when_the_reply_to_the_commit_was_lost_is_counted_as_that_and_not_as_a_duplicate(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var (parkings, burials) = (0, 0);
        var gates = new Gates
        {
            AfterPark = () => LoseEveryOther(ref parkings),
            AfterBury = () => LoseEveryOther(ref burials),
        };
        await using var shop = await ShopHost.CreateAsync(database, m =>
        {
            Script.Of(_ => throw new InvalidOperationException("Never."), e => e.OnFailure(f => f.RetryImmediately(0).ThenAfter(Longer, Longer)))(m);
            gates.Install(m);
        });
        using var counts = new Counts(shop);
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("order", 1));
            await db.SaveChangesAsync();
        });
        await shop.StartAsync();
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1 && counts["dead_letters"] == 1, "a dead letter, and its count");
        await shop.StopAsync();

        counts["inbox.parked"].Should().Be(2, "it was parked twice");
        counts["dead_letters"].Should().Be(1);
        counts["inbox.duplicates"].Should().Be(0);
        (await shop.DeadLettersAsync()).Single().Attempts.Should().Be(3, "the database's failures are no attempts");

    }

    [Theory, EachDatabase]
    public async Task What_is_due_again_before_its_process_knows_that_it_was_postponed_does_not_wait_for_a_lease(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var parkings = 0;
        var gates = new Gates { AfterPark = () => LoseEveryOther(ref parkings) };
        await using var shop = await ShopHost.CreateAsync(database, m =>
        {
            Script.Of(
                _ => throw new InvalidOperationException("Never."),
                e => e.OnFailure(f => f.RetryImmediately(0).ThenBackOff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), 6)),
                o => o.Outbox(outbox => (outbox.MinPollInterval, outbox.MaxPollInterval) = (TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1))))(m);
            gates.Install(m);
        });
        await ParkAsync(shop, "shop", "key");
        await shop.StartAsync();

        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1, "the end of the ladder", 2 * Soon);
        (await shop.DeadLettersAsync()).Single().Attempts.Should().Be(7);
    }

    private static void LoseEveryOther(ref int times)
    {
        if (times++ % 2 == 0)
        {
            throw new IOException("The reply was lost.");
        }
    }

    private static async Task ParkAsync(ShopHost shop, string endpoint, string key, TimeSpan delay = default)
    {
        var envelope = new MessageEnvelope
        {
            Id = Guid.CreateVersion7(), Type = "shop.order-placed", Source = "/test", Time = DateTimeOffset.UnixEpoch, ContentType = "application/json", ConversationId = Guid.CreateVersion7(), Key = key, Body = default,
        };
        var message = new ParkedMessage
        {
            Endpoint = endpoint, MessageId = envelope.Id, Type = envelope.Type, Key = key, Headers = EnvelopeHeaders.Write(envelope), Body = """{"orderId":"order","number":1}"""u8.ToArray(),
        };
        (await shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().Parking.ParkAsync(message, delay, 100, default)).Should().Be(ParkingOutcome.Parked);
    }

    /// <summary>The next process handles everything long before the minute is over that a lease lasts.</summary>
    private static async Task ShouldGoOnAtOnceAsync(TestDatabase database, int effects)
    {
        await using var next = await ShopHost.StartAsync(database, Script.Of());
        await Verdict.EventuallyAsync(async () => (await next.EffectsAsync()).Count == effects, "the next process goes on at once", Soon);
    }

    /// <summary>To which nobody can connect.</summary>
    private sealed class NoTransport : ITransport
    {
        public string Name => "none";

        public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => [type.Name];

        public string GetDestination(string endpoint) => endpoint;

        public ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken) => throw new IOException("There is nobody at that address.");

        public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken) => throw new IOException("There is nobody at that address.");
    }

    /// <summary>What the toolkit has counted in one application.</summary>
    private sealed class Counts : IDisposable
    {
        private readonly ConcurrentDictionary<string, long> sums = [];
        private readonly MeterListener listener = new();

        public Counts(ShopHost shop)
        {
            var factory = shop.Services.GetRequiredService<IMeterFactory>();
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Meter.Name == MessagingDiagnostics.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
            listener.Start();
        }

        public long this[string instrument] => sums.GetValueOrDefault($"{MessagingDiagnostics.MeterName.ToLowerInvariant()}.{instrument}");

        public void Dispose() => listener.Dispose();
    }
}
