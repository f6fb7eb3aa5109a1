using System.Collections.Concurrent;
using System.Data.Common;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>Who waits for a saga that another process runs.</summary>
public sealed class RemoteRunTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, ReplyAddress> open = new();

    [Theory, EachDatabase]
    public async Task The_end_of_a_saga_in_another_process_is_seen(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var caller = await ShopHost.StartAsync(database, Caller);
        await using var runner = await ShopHost.StartAsync(database, Runner);

        var outcome = await caller.SagasAsync(sagas => sagas.RunAsync<RentalV1, Rental>(new Rental { Car = "van" }, Long));

        outcome.IsCompleted.Should().BeTrue();
        outcome.State!.Car.Should().Be("van");
        (await runner.EffectsAsync()).Select(effect => effect.Handler).Should().Equal("driver", "van");
    }

    [Theory, EachDatabase]
    public async Task When_the_time_is_over_the_saga_is_running_and_can_be_waited_for_by_its_id(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var caller = await ShopHost.StartAsync(database, Caller);
        await using var runner = await ShopHost.StartAsync(database, Runner);

        var outcome = await caller.SagasAsync(sagas => sagas.RunAsync<RentalV1, Rental>(new Rental { Car = "later van" }, TimeSpan.FromMilliseconds(200)));
        outcome.Should().BeEquivalentTo(new { Status = SagaStatus.Running, State = (Rental?)null, Reason = (string?)null });

        await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later van")), "it waits for its car");
        await caller.ReplyAsync(open["later van"], new RentRefused("no van"));
        var later = await caller.SagasAsync(sagas => sagas.WaitAsync<RentalV1, Rental>(outcome.Id, Long));
        later.Should().BeEquivalentTo(new { outcome.Id, Status = SagaStatus.Compensated, Reason = "car: no van" });
    }

    [Theory, EachDatabase]
    public async Task A_saga_that_has_ended_is_found_without_any_time_to_wait(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var caller = await ShopHost.StartAsync(database, Caller);
        await using var runner = await ShopHost.StartAsync(database, Runner);
        var ended = await caller.SagasAsync(sagas => sagas.RunAsync<RentalV1, Rental>(new Rental { Car = "van" }, Long));

        var found = await caller.SagasAsync(sagas => sagas.WaitAsync<RentalV1, Rental>(ended.Id, TimeSpan.Zero));
        var unknown = await caller.SagasAsync(sagas => sagas.WaitAsync<RentalV1, Rental>(Guid.NewGuid(), TimeSpan.Zero));

        found.Should().BeEquivalentTo(ended);
        unknown.Status.Should().Be(SagaStatus.Running);
    }

    [Theory, EachDatabase]
    public async Task Two_hundred_callers_that_wait_share_a_query_and_a_connection(DatabaseKind kind)
    {
        const int Callers = 200;
        await using var database = await TestDatabase.CreateAsync(kind);
        var connections = new OpenConnections();
        await using var caller = await ShopHost.StartAsync(database, Caller, options: options => options.AddInterceptors(connections));
        await using var runner = await ShopHost.StartAsync(database, Runner);
        var ids = Enumerable.Range(0, Callers).Select(_ => Guid.CreateVersion7()).ToList();

        var waiting = ids.Select((id, number) => Task.Run(() => caller.SagasAsync(
            sagas => sagas.RunAsync<RentalV1, Rental>(new Rental { Car = $"later {number}" }, Long, id)))).ToList();
        await Verdict.EventuallyAsync(() => Task.FromResult(open.Count == Callers), "all wait for their cars");
        await runner.QuietAsync();

        connections.Forget();
        await Verdict.EventuallyAsync(() => Task.FromResult(connections.Opened >= 5), "the callers' process looks");
        connections.Most.Should().Be(1, "all that wait share a query");
        connections.Elapsed.Should().BeGreaterThan(TimeSpan.FromMilliseconds(350), "it looks ten times a second");

        await runner.InScopeAsync(async (db, bus) =>
        {
            foreach (var to in open.Values)
            {
                bus.Reply(new Rented("car"), to);
            }

            await db.SaveChangesAsync();
        });
        (await Task.WhenAll(waiting)).Should().OnlyContain(outcome => outcome.IsCompleted);
        connections.Most.Should().Be(1);
    }

    [Theory, EachDatabase]
    public async Task Who_gives_up_waiting_does_not_stop_the_saga(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var caller = await ShopHost.StartAsync(database, Caller);
        await using var runner = await ShopHost.StartAsync(database, Runner);
        using var patience = new CancellationTokenSource();
        var id = Guid.CreateVersion7();

        var waiting = caller.SagasAsync(sagas => sagas.RunAsync<RentalV1, Rental>(new Rental { Car = "later van" }, Long, id, patience.Token));
        await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later van")), "it waits for its car");
        patience.Cancel();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
        await caller.ReplyAsync(open["later van"], new Rented("van"));
        await caller.UntilAsync(id, SagaStatus.Completed);
    }

    private void Caller(MessagingBuilder messaging)
    {
        Rentals.With<RentalV1>(open)(messaging);
        messaging.Outbox(o => o.RelayHere = false);
    }

    private void Runner(MessagingBuilder messaging) => Rentals.With<RentalV1>(open)(messaging);

    /// <summary>Counts the connections that a host has opened, and how many it had at once.</summary>
    private sealed class OpenConnections : DbConnectionInterceptor
    {
        private readonly Lock gate = new();
        private long since = TimeProvider.System.GetTimestamp();
        private int now;

        public int Opened { get; private set; }

        public int Most { get; private set; }

        public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(since);

        public void Forget()
        {
            lock (gate)
            {
                (Opened, Most) = (0, now);
                since = TimeProvider.System.GetTimestamp();
            }
        }

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            lock (gate)
            {
                Opened++;
                Most = Math.Max(Most, ++now);
            }

            return Task.CompletedTask;
        }

        public override Task ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData)
        {
            lock (gate)
            {
                now--;
            }

            return Task.CompletedTask;
        }
    }
}
