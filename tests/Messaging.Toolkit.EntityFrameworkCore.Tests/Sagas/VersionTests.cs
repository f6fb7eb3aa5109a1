using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.Json.Nodes;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>G10: an instance goes on under a new version of its definition, or it is not touched and nothing of it is lost.</summary>
public sealed class VersionTests
{
    private readonly ConcurrentDictionary<string, ReplyAddress> open = new();

    [Theory, EachDatabase]
    public async Task A_saga_that_waits_for_a_reply_takes_it_under_the_new_name_of_its_step(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var id = await BeginAsync(database);

        await using var second = await ShopHost.StartAsync(database, With<RentalV2>());
        await second.ReplyAsync(open["later van"], new Rented("van"));
        var rental = await second.UntilAsync(id, SagaStatus.Completed);

        rental.Version.Should().Be(2);
        JsonNode.Parse(rental.State)!["vehicle"]!.GetValue<string>().Should().Be("later van");
        (await second.HistoryAsync(id)).Select(entry => entry.Event).Should().ContainSingle(told => told == SagaEvent.Upgraded);
        (await EffectsAsync(second)).Should().Equal("driver", "later van", "insurance");
        (await second.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_saga_that_fails_under_the_new_version_undoes_what_the_old_one_has_done(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var id = await BeginAsync(database);

        await using var second = await ShopHost.StartAsync(database, With<RentalV2>());
        await second.ReplyAsync(open["later van"], new RentRefused("no van"));
        var rental = await second.UntilAsync(id, SagaStatus.Compensated);
        await second.QuietAsync();

        rental.Reason.Should().Be("vehicle: no van");
        (await EffectsAsync(second)).Should().Equal("driver", "later van", "undo driver");
        (await second.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task An_activity_that_was_to_run_when_the_host_stopped_runs_under_the_new_name_of_its_step(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        Guid id;
        await using (var first = await ShopHost.StartAsync(database, With<WashV1>()))
        {
            id = await first.StartSagaAsync<WashV1, Wash>(new Wash());
            await Verdict.EventuallyAsync(() => Task.FromResult(first.Log.Lines.Any(line => line.Exception?.InnerException is Outage)), "the second activity waits for its database");
        }

        await using var second = await ShopHost.StartAsync(database, With<WashV2>());
        await second.UntilAsync(id, SagaStatus.Completed);

        (await EffectsAsync(second)).Should().Equal(["soap", "dry dry"], "what a service knows the attempt by stays the same, too");
    }

    [Theory, EachDatabase]
    public async Task A_request_that_is_repeated_under_the_new_name_of_its_step_is_the_same_message(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        Guid id;
        await using (var first = await ShopHost.StartAsync(database, With<PaymentV1>()))
        {
            id = await first.StartSagaAsync<PaymentV1, Rental>(new Rental { Car = "van" });
            await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later money")), "the pivot was asked for");
            await first.QuietAsync();
        }

        await using var second = await ShopHost.StartAsync(database, With<PaymentV2>());
        await Verdict.EventuallyAsync(
            async () => (await second.HistoryAsync(id)).Count(entry => entry is { Event: SagaEvent.StepRetried, Step: "payment" }) >= 1, "the pivot is asked for again");
        await second.QuietAsync();
        (await EffectsAsync(second)).Should().Equal("later money");
        await second.ReplyAsync(open["later money"], new Rented("money"));

        await second.UntilAsync(id, SagaStatus.Completed);
        (await EffectsAsync(second)).Should().Equal("later money");
    }

    [Theory, EachDatabase]
    public async Task A_process_manager_goes_on_in_the_state_that_its_own_was_renamed_to(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using (var first = await ShopHost.StartAsync(database, Process<TripV1>))
        {
            await first.PublishAsync(new CarTaken("van"));
            await Verdict.EventuallyAsync(async () => await first.FindAsync<TripV1>("van") is not null, "it has begun");
        }

        await using var second = await ShopHost.StartAsync(database, Process<TripV2>);
        await second.PublishAsync(new CarReturned("van", 70));
        var trip = await second.UntilAsync((await second.FindAsync<TripV2>("van"))!.Id, SagaStatus.Completed);

        JsonNode.Parse(trip.State)!.ToJsonString().Should().Be("""{"vehicle":"van","kilometres":70}""");
        (await second.HistoryAsync(trip.Id)).Select(entry => $"{entry.Event} {entry.Step}".TrimEnd()).Should().Equal(
            "Started", "StateEntered taken", "Upgraded", "EventHandled away", "StateEntered back", "Completed back");
    }

    [Theory, EachDatabase]
    public async Task Without_a_mapping_an_instance_is_not_touched_its_message_waits_and_it_is_reported(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var id = await BeginAsync(database);
        var before = await ReadAsync(database, id);

        await using (var second = await ShopHost.StartAsync(database, With<RentalUnmapped>()))
        {
            await second.ReplyAsync(open["later van"], new Rented("van"));
            await ShouldWaitAsync(second, "'car'", "1 instances of 'shop.rental', version 1, stand at 'car', and the definition has no 'car'");
        }

        (await ReadAsync(database, id)).Should().BeEquivalentTo(before);
        await using var third = await ShopHost.StartAsync(database, With<RentalV2>());
        await third.UntilAsync(id, SagaStatus.Completed);
        (await EffectsAsync(third)).Should().Equal("driver", "later van", "insurance");
        (await third.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task An_instance_of_a_newer_version_waits_for_a_process_that_has_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        Guid id;
        await using (var newer = await ShopHost.StartAsync(database, With<RentalV2>()))
        {
            id = await newer.StartSagaAsync<RentalV2, RentalNow>(new RentalNow { Vehicle = "later van" });
            await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later van")), "it waits for its car");
            await newer.QuietAsync();
        }

        var before = await ReadAsync(database, id);
        await using (var older = await ShopHost.StartAsync(database, With<RentalV1>()))
        {
            await older.ReplyAsync(open["later van"], new Rented("van"));
            await ShouldWaitAsync(older, "version 2", "are newer than version 1");
        }

        (await ReadAsync(database, id)).Should().BeEquivalentTo(before);
        await using var third = await ShopHost.StartAsync(database, With<RentalV2>());
        await third.UntilAsync(id, SagaStatus.Completed);
        (await third.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_saga_that_runs_at_another_endpoint_now_hears_of_its_timeouts_there(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        Guid id;
        await using (var first = await ShopHost.StartAsync(database, With<PaymentV1>()))
        {
            id = await first.StartSagaAsync<PaymentV1, Rental>(new Rental { Car = "van" });
            await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later money")), "the pivot was asked for");
        }

        await using var second = await ShopHost.StartAsync(database, m =>
        {
            m.Services.AddSingleton(open);
            Rentals.Messages(m).Endpoint("moved", e => e.Saga<PaymentV1>());
        });
        var before = (await second.HistoryAsync(id)).Count(entry => entry.Event == SagaEvent.StepRetried);
        await Verdict.EventuallyAsync(async () => (await second.HistoryAsync(id)).Count(entry => entry.Event == SagaEvent.StepRetried) > before, "it is asked for again", TimeSpan.FromSeconds(30));

        (await second.RowAsync(id)).Endpoint.Should().Be("moved");
    }

    [Theory, EachDatabase]
    public async Task An_instance_that_may_have_to_undo_what_the_definition_does_not_have_is_reported_before_it_has_to(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var id = await BeginAsync(database);
        var before = await ReadAsync(database, id);

        await using (var second = await ShopHost.StartAsync(database, With<RentalWithoutDriver>()))
        {
            await second.ReplyAsync(open["later van"], new RentRefused("no van"));
            await ShouldWaitAsync(second, "'driver'", "1 instances of 'shop.rental', version 1, depend on 'driver', which the definition does not have");
        }

        (await ReadAsync(database, id)).Should().BeEquivalentTo(before);
        await using var third = await ShopHost.StartAsync(database, With<RentalV1>());
        await third.UntilAsync(id, SagaStatus.Compensated);
        await third.QuietAsync();
        (await EffectsAsync(third)).Should().Equal("driver", "later van", "undo driver");
    }

    [Theory, EachDatabase]
    public async Task A_compensation_that_was_taken_away_without_a_new_version_is_reported_and_not_passed_over(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var id = await BeginAsync(database);

        await using (var second = await ShopHost.StartAsync(database, With<RentalWithoutCompensation>()))
        {
            await second.ReplyAsync(open["later van"], new RentRefused("no van"));
            await ShouldWaitAsync(second, "the compensation of 'driver'", "1 instances of 'shop.rental', version 1, depend on the compensation of 'driver', which the definition does not have");
            second.Log.Lines.Should().ContainSingle(line => line.Id == 46).Which.Text.Should().Contain("'shop.rental'");
        }

        await using var third = await ShopHost.StartAsync(database, With<RentalNotCompensatedSince2>());
        await third.UntilAsync(id, SagaStatus.Compensated);
        await third.QuietAsync();
        (await EffectsAsync(third)).Should().Equal(["driver", "later van"], "the new version says that it need not be undone");
        third.Log.Lines.Should().NotContain(line => line.Id == 46 || line.Id == 42);
    }

    private static async Task ShouldWaitAsync(ShopHost host, string cause, string report)
    {
        // The message has come, and more than once: it waits and is looked at again.
        await Verdict.EventuallyAsync(() => Task.FromResult(host.Log.Lines.Count(line => line.Exception?.Message.Contains(cause) == true) >= 2), "two attempts");
        await Verdict.EventuallyAsync(async () => (await host.HealthAsync()).Description?.Contains(report) == true, "the health check tells it");
        (await host.HealthAsync()).Status.Should().Be(HealthStatus.Unhealthy);
        host.Log.Lines.Should().ContainSingle(line => line.Id == 42 && line.Level == LogLevel.Error && line.Text.Contains(report), "once is enough");
        (await host.DeadLettersAsync()).Should().BeEmpty();
        (await host.OutboxAsync()).Should().ContainSingle("its message waits");
    }

    /// <summary>Version 1 begins a rental, which waits for its car when the host stops.</summary>
    private async Task<Guid> BeginAsync(TestDatabase database)
    {
        await using var first = await ShopHost.StartAsync(database, With<RentalV1>());
        var id = await first.StartSagaAsync<RentalV1, Rental>(new Rental { Car = "later van" });
        await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later van")), "it waits for its car");
        await first.QuietAsync();
        return id;
    }

    private static async Task<Tables.SagaRow> ReadAsync(TestDatabase database, Guid id)
    {
        await using var db = new ShopDb(database.Options<ShopDb>());
        return (await db.FindAsync<Tables.SagaRow>(id))!;
    }

    private static async Task<List<string>> EffectsAsync(ShopHost host) => [.. (await host.EffectsAsync()).Select(effect => effect.Handler)];

    private Action<MessagingBuilder> With<TSaga>() where TSaga : SagaBase, new() => Rentals.With<TSaga>(open);

    private static void Process<TProcess>(MessagingBuilder messaging) where TProcess : ProcessManagerBase, new()
    {
        messaging.Services.AddSingleton(new ConcurrentDictionary<string, ReplyAddress>());
        Rentals.Messages(messaging).Endpoint("trips", e => e.Process<TProcess>());
    }
}

internal sealed class Rental
{
    public required string Car { get; set; }
}

internal sealed class RentalNow
{
    public required string Vehicle { get; set; }
}

internal sealed class RentalV1 : Saga<Rental>
{
    protected override void Define(ISagaBuilder<Rental> saga) => saga
        .Named("shop.rental")
        .Step("driver", s => s.Send(_ => new Rent("driver")).Succeeds<Rented>().Compensate(_ => new Unrent("driver")))
        .Step("car", s => s.Send(r => new Rent(r.Car)).Succeeds<Rented>().Fails<RentRefused>(reply => reply.Reason));
}

/// <summary>The car is a vehicle now, in the name of the step and in the state; and it is insured.</summary>
internal sealed class RentalV2 : Saga<RentalNow>
{
    protected override void Define(ISagaBuilder<RentalNow> saga) => saga
        .Named("shop.rental")
        .Version(2, v => v.Rename("car", "vehicle").Rename("driver", "chauffeur").MapState(Map))
        .Step("chauffeur", s => s.Send(_ => new Rent("driver")).Succeeds<Rented>().Compensate(_ => new Unrent("driver")))
        .Step("vehicle", s => s.Send(r => new Rent(r.Vehicle)).Succeeds<Rented>().Fails<RentRefused>(reply => reply.Reason))
        .Step("insurance", s => s.Send(_ => new Rent("insurance")).Succeeds<Rented>());

    public static void Map(JsonObject state)
    {
        var car = state["car"]!.DeepClone();
        state.Remove("car");
        state.Insert(0, "vehicle", car);
    }
}

/// <summary>Somebody forgot the version.</summary>
internal sealed class RentalUnmapped : Saga<RentalNow>
{
    protected override void Define(ISagaBuilder<RentalNow> saga) => saga
        .Named("shop.rental")
        .Step("driver", s => s.Send(_ => new Rent("driver")).Succeeds<Rented>().Compensate(_ => new Unrent("driver")))
        .Step("vehicle", s => s.Send(r => new Rent(r.Vehicle)).Succeeds<Rented>().Fails<RentRefused>(reply => reply.Reason));
}

/// <summary>Somebody has removed a step that may have to be undone.</summary>
internal sealed class RentalWithoutDriver : Saga<Rental>
{
    protected override void Define(ISagaBuilder<Rental> saga) => saga
        .Named("shop.rental")
        .Step("car", s => s.Send(r => new Rent(r.Car)).Succeeds<Rented>().Fails<RentRefused>(reply => reply.Reason));
}

/// <summary>Somebody has removed a compensation.</summary>
internal sealed class RentalWithoutCompensation : Saga<Rental>
{
    protected override void Define(ISagaBuilder<Rental> saga) => Define(saga.Named("shop.rental"), 0);

    public static void Define(ISagaBuilder<Rental> saga, int _) => saga
        .Step("driver", s => s.Send(_ => new Rent("driver")).Succeeds<Rented>())
        .Step("car", s => s.Send(r => new Rent(r.Car)).Succeeds<Rented>().Fails<RentRefused>(reply => reply.Reason));
}

/// <summary>It was meant.</summary>
internal sealed class RentalNotCompensatedSince2 : Saga<Rental>
{
    protected override void Define(ISagaBuilder<Rental> saga) => RentalWithoutCompensation.Define(saga.Named("shop.rental").Version(2, _ => { }), 0);
}

internal sealed class PaymentV1 : Saga<Rental>
{
    protected override void Define(ISagaBuilder<Rental> saga) => saga
        .Named("shop.payment")
        .Retry(100, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10))
        .Pivot("pay", s => s.Send(_ => new Rent("later money")).Succeeds<Rented>().Timeout(TimeSpan.FromSeconds(1)));
}

/// <summary>The pivot has another name.</summary>
internal sealed class PaymentV2 : Saga<Rental>
{
    protected override void Define(ISagaBuilder<Rental> saga) => saga
        .Named("shop.payment")
        .Version(2, v => v.Rename("pay", "payment"))
        .Retry(100, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10))
        .Pivot("payment", s => s.Send(_ => new Rent("later money")).Succeeds<Rented>().Timeout(TimeSpan.FromSeconds(1)));
}

internal sealed class TripState
{
    public string Car { get; set; } = "";
}

internal sealed class TripV1 : ProcessManager<TripState>
{
    protected override void Define(IProcessBuilder<TripState> process) => process
        .Named("shop.trip")
        .Initially(p => p.When<CarTaken>(m => m.Car).Then((state, m, _) => state.Car = m.Car).GoTo("taken"))
        .During("taken", p => p.When<CarReturned>(m => m.Car).GoTo("back").Complete());
}

internal sealed class TripNow
{
    public string Vehicle { get; set; } = "";

    public int Kilometres { get; set; }
}

internal sealed class TripV2 : ProcessManager<TripNow>
{
    protected override void Define(IProcessBuilder<TripNow> process) => process
        .Named("shop.trip")
        .Version(2, v => v.Rename("taken", "away").MapState(RentalV2.Map))
        .Initially(p => p.When<CarTaken>(m => m.Car).Then((state, m, _) => state.Vehicle = m.Car).GoTo("away"))
        .During("away", p => p.When<CarReturned>(m => m.Car).Then((state, m, _) => state.Kilometres = m.Kilometres).GoTo("back").Complete());
}

internal sealed class Wash;

internal sealed class WashV1 : Saga<Wash>
{
    protected override void Define(ISagaBuilder<Wash> saga) => saga
        .Named("shop.wash")
        .Parallel("wash", p => p.Step("soap", s => s.Run<Soap>()).Step("dry", s => s.Run<NoDryer>()));
}

internal sealed class WashV2 : Saga<Wash>
{
    protected override void Define(ISagaBuilder<Wash> saga) => saga
        .Named("shop.wash")
        .Version(2, v => v.Rename("dry", "spin"))
        .Parallel("wash", p => p.Step("soap", s => s.Run<Soap>()).Step("spin", s => s.Run<Dryer>()));
}

internal sealed class Soap(ShopDb db) : ISagaActivity<Wash>
{
    public Task<ActivityResult> ExecuteAsync(Wash state, ActivityContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = "soap", MessageId = context.Message.MessageId });
        return Task.FromResult(ActivityResult.Done);
    }
}

/// <summary>Its database is away: it waits, with its message.</summary>
internal sealed class NoDryer : ISagaActivity<Wash>
{
    public Task<ActivityResult> ExecuteAsync(Wash state, ActivityContext context, CancellationToken cancellationToken) => throw new Outage();
}

internal sealed class Dryer(ShopDb db) : ISagaActivity<Wash>
{
    public Task<ActivityResult> ExecuteAsync(Wash state, ActivityContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = "dry " + context.IdempotencyKey.Split('/')[1], MessageId = context.Message.MessageId });
        return Task.FromResult(ActivityResult.Done);
    }
}

internal sealed class Outage() : DbException("The database is away.")
{
    public override bool IsTransient => true;
}
