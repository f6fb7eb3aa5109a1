using System.Collections.Concurrent;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>What sagas make of states, calls, replies and rows that are wrong.</summary>
public sealed class SagaInputTests
{
    private readonly ConcurrentDictionary<string, ReplyAddress> open = new();

    [Theory, EachDatabase]
    public async Task A_state_that_cannot_be_written_is_refused_at_the_start_and_nothing_is_committed(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Rentals.With<CyclicSaga>(open));
        var cycle = new Cyclic();
        cycle.Self = cycle;

        await shop.SaveSagasAsync(sagas =>
        {
            var start = () => sagas.Start<CyclicSaga, Cyclic>(cycle);
            start.Should().Throw<MessagingException>().WithMessage("The state of 'shop.cyclic' (Cyclic) cannot be saved*");
            return Task.FromResult(true);
        });
        var run = () => shop.SagasAsync(sagas => sagas.RunAsync<CyclicSaga, Cyclic>(cycle, TimeSpan.FromSeconds(1)));
        await run.Should().ThrowAsync<MessagingException>().WithMessage("The state of 'shop.cyclic' (Cyclic) cannot be saved*");

        (await shop.OutboxAsync()).Should().BeEmpty();
        (await shop.RowsAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task Who_waits_for_a_saga_in_a_handler_is_told_what_to_do_instead(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m =>
        {
            Rentals.With<RentalV1>(open)(m);
            m.Endpoint("impatient", e => e.Handle<CarTaken, WaitsInAHandler>().OnFailure(f => f.RetryImmediately(0)));
        });

        await shop.PublishAsync(new CarTaken("van"));
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1, "a dead letter");

        (await shop.DeadLettersAsync()).Single().Failure.Should().Contain("RunAsync of 'shop.rental' was called in a handler").And.Contain("Use Start");
        (await shop.RowsAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_reply_that_no_saga_waits_for_is_a_dead_letter_that_says_why(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m =>
        {
            Rentals.With<RentalV1>(open)(m);
            m.Endpoint("others", e => e.Saga<OtherSaga>());
        });
        var id = await shop.StartSagaAsync<RentalV1, Rental>(new Rental { Car = "later van" });
        var other = await shop.StartSagaAsync<OtherSaga, Rental>(new Rental { Car = "later bus" });
        await Verdict.EventuallyAsync(() => Task.FromResult(open.Count == 2), "both wait");
        await shop.QuietAsync();
        var before = await shop.RowAsync(id);
        var (van, bus) = (open["later van"], open["later bus"]);
        var unknown = Guid.NewGuid().ToString("N");

        await RefusedAsync(shop, van with { Request = van.Request.Replace(id.ToString("N"), unknown) }, new Rented("x"), $"it is for saga {unknown} of 'shop.rental', which does not exist");
        await RefusedAsync(shop, van with { Request = van.Request.Replace(id.ToString("N"), other.ToString("N")) }, new Rented("x"), $"{other:N} is an instance of 'shop.other' and not of 'shop.rental'");
        await RefusedAsync(shop, van with { Request = bus.Request }, new Rented("x"), "it replies to a request that nobody at this endpoint has made");
        await RefusedAsync(shop, van with { Request = "nonsense" }, new Rented("x"), "it replies to a request that nobody at this endpoint has made");
        await RefusedAsync(shop, van with { Request = van.Request.Replace("|car|", "|driver|") }, new RentRefused("x"), "step 'driver' of 'shop.rental' has no .Succeeds or .Fails for such a reply");
        await RefusedAsync(shop, van with { Request = van.Request.Replace("|car|", "|wings|") }, new Rented("x"), "it replies to step 'wings', which 'shop.rental' does not have");

        (await shop.RowAsync(id)).Should().BeEquivalentTo(before, "none of them was for it");
        await RefusedAsync(shop, bus, new RentRefused("x"), "this endpoint has no handler for its type");
        await RefusedAsync(shop, van, new CarTaken("x"), "this endpoint has no handler for its type");
        (await shop.RowAsync(id)).Status.Should().Be(SagaStatus.Stuck, "this was what it waits for");
        await shop.ReplyAsync(van, new Rented("van"));
        await shop.UntilAsync(id, SagaStatus.Completed);
    }

    [Theory, EachDatabase]
    public async Task An_answer_about_a_step_that_a_saga_does_not_have_is_a_dead_letter_and_does_it_no_harm(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Rentals.With<RentalV1>(open));
        var id = await shop.StartSagaAsync<RentalV1, Rental>(new Rental { Car = "later van" });
        await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later van")), "it waits");
        await shop.QuietAsync();
        var before = await shop.RowAsync(id);
        var to = open["later van"];

        await RefusedAsync(
            shop, to with { Request = to.Request.Replace("|car|", "|wings|").Replace("|do", "|undo"), Acknowledge = true }, new Rented("x"),
            "it replies to step 'wings', which 'shop.rental' does not have");

        (await shop.RowAsync(id)).Should().BeEquivalentTo(before);
    }

    [Theory, EachDatabase]
    public async Task A_reply_to_a_saga_that_has_finished_changes_nothing(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Rentals.With<RentalV1>(open));
        var done = await shop.StartSagaAsync<RentalV1, Rental>(new Rental { Car = "later van" });
        var undone = await shop.StartSagaAsync<RentalV1, Rental>(new Rental { Car = "later bus" });
        await Verdict.EventuallyAsync(() => Task.FromResult(open.Count == 2), "both wait");
        await shop.ReplyAsync(open["later van"], new Rented("van"));
        await shop.ReplyAsync(open["later bus"], new RentRefused("no bus"));
        await shop.UntilAsync(done, SagaStatus.Completed);
        await shop.UntilAsync(undone, SagaStatus.Compensated);
        await shop.QuietAsync();
        var before = (await shop.RowsAsync()).OrderBy(row => row.Id);

        await shop.ReplyAsync(open["later van"], new Rented("another van"));
        await shop.ReplyAsync(open["later van"], new RentRefused("no van after all"));
        await shop.ReplyAsync(open["later bus"], new RentRefused("still no bus"));
        await shop.QuietAsync();

        (await shop.RowsAsync()).OrderBy(row => row.Id).Should().BeEquivalentTo(before);
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task An_activity_that_saves_by_itself_has_its_effect_once_and_none_if_it_fails_then(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Rentals.With<SavingSaga>(open));

        var done = await shop.StartSagaAsync<SavingSaga, Saving>(new Saving { Name = "done" });
        var failed = await shop.StartSagaAsync<SavingSaga, Saving>(new Saving { Name = "failed" });
        var thrown = await shop.StartSagaAsync<SavingSaga, Saving>(new Saving { Name = "thrown" });
        var third = await shop.StartSagaAsync<SavingSaga, Saving>(new Saving { Name = "third" });
        (await shop.UntilAsync(failed, SagaStatus.Compensated)).Should().BeEquivalentTo(new { Reason = "save: it was to fail", Failure = SagaFailureKind.Refused });
        (await shop.UntilAsync(thrown, SagaStatus.Compensated)).Should().BeEquivalentTo(new { Reason = "save: it failed with NotSupportedException", Failure = SagaFailureKind.Broken });
        (await shop.HistoryAsync(thrown)).Should().ContainSingle(entry => entry.Failure == SagaFailureKind.Broken).Which.Event.Should().Be(SagaEvent.StepFailed);
        await shop.UntilAsync(done, SagaStatus.Completed);
        (await shop.UntilAsync(third, SagaStatus.Completed)).State.Should().Contain("\"attempts\":1", "what failed attempts have changed in the state is forgotten");
        await shop.QuietAsync();

        (await shop.EffectsAsync()).Select(effect => effect.Handler).Should().BeEquivalentTo(["done", "third"]);
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_process_manager_whose_state_is_nonsense_stands_stuck_alone_and_goes_on_when_it_is_mended_and_resumed(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Baskets);
        await shop.PublishAsync(new ItemAdded("a", 1), new ItemAdded("b", 1));
        await shop.QuietAsync();
        var id = (await shop.FindAsync<Basket>("a"))!.Id;
        var good = (await shop.RowAsync(id)).State;
        await SetStateAsync(shop, id, """{"items":["secret-4711"]}""");

        await shop.PublishAsync(new ItemAdded("a", 2), new ItemAdded("b", 2));
        var stuck = await shop.UntilAsync(id, SagaStatus.Stuck);
        await shop.QuietAsync();

        stuck.Reason.Should().Contain("'item-added'").And.Contain("dead letters").And.NotContain("secret");
        var letter = (await shop.DeadLettersAsync()).Should().ContainSingle().Subject;
        letter.Failure.Should().Contain("stored state of 'shop.basket' cannot be read as BasketState").And.NotContain("secret");
        letter.Reason.Should().NotContain("secret");
        var history = await shop.HistoryAsync(id);
        history[^1].Should().BeEquivalentTo(new { Event = SagaEvent.Stuck, letter.MessageId });
        history.Should().NotContain(entry => entry.Detail != null && entry.Detail.Contains("secret"));
        shop.Log.Lines.Should().ContainSingle(line => line.Id == 41).And.NotContain(line => line.Text.Contains("secret"));
        (await shop.FindAsync<Basket>("b"))!.State.Should().Be("""{"items":[1,2]}""", "another instance runs on");

        await SetStateAsync(shop, id, good);
        await shop.ResumeAsync(id);
        await shop.UntilAsync(id, SagaStatus.Running);
        await shop.PublishAsync(new ItemAdded("a", 3), new BasketClosed("a"));
        var closed = await shop.UntilAsync(id, SagaStatus.Completed);
        closed.State.Should().Be("""{"items":[1,3]}""");
        closed.Reason.Should().BeNull();
        (await shop.HistoryAsync(id)).Select(entry => entry.Sequence).Should().Equal(Enumerable.Range(1, (await shop.RowAsync(id)).HistoryLength));
    }

    [Theory, EachDatabase]
    public async Task An_instance_that_was_stuck_and_has_completed_nevertheless_has_no_reason_any_more(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m =>
        {
            Rentals.With<RentalV1>(open)(m);
            m.Event<ItemAdded>(e => e.Named("item-added")).Event<BasketClosed>(e => e.Named("basket-closed")).Endpoint("baskets", e => e.Process<Basket>());
        });
        var saga = await shop.StartSagaAsync<RentalV1, Rental>(new Rental { Car = "later van" });
        await shop.PublishAsync(new ItemAdded("a", 1));
        await Verdict.EventuallyAsync(() => Task.FromResult(open.ContainsKey("later van")), "it waits");
        await shop.QuietAsync();
        var basket = (await shop.FindAsync<Basket>("a"))!.Id;
        foreach (var id in new[] { saga, basket })
        {
            var good = (await shop.RowAsync(id)).State;
            await SetStateAsync(shop, id, "nonsense");
            await (id == basket ? shop.PublishAsync(new ItemAdded("a", 2)) : shop.ReplyAsync(open["later van"], new Rented("van")));
            await shop.UntilAsync(id, SagaStatus.Stuck);
            await shop.QuietAsync();
            await SetStateAsync(shop, id, good);
        }

        await shop.PublishAsync(new BasketClosed("a"));
        await shop.ReplyAsync(open["later van"], new Rented("van"));

        (await shop.UntilAsync(basket, SagaStatus.Completed)).Reason.Should().BeNull();
        (await shop.UntilAsync(saga, SagaStatus.Completed)).Reason.Should().BeNull();
    }

    private static async Task RefusedAsync(ShopHost shop, ReplyAddress to, object reply, string reason)
    {
        var before = (await shop.DeadLettersAsync()).Select(letter => letter.MessageId).ToHashSet();
        await shop.ReplyAsync(to, reply);
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count > before.Count, $"a dead letter: {reason}", TimeSpan.FromSeconds(20));
        (await shop.DeadLettersAsync()).Single(letter => !before.Contains(letter.MessageId)).Reason.Should().Be(reason);
    }

    private static Task SetStateAsync(ShopHost shop, Guid id, string state)
        => shop.QueryAsync(db => db.Set<SagaRow>().Where(row => row.Id == id).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, state)));

    private static void Baskets(MessagingBuilder messaging)
    {
        SagaHosts.BeQuick(messaging);
        messaging
            .Event<ItemAdded>(e => e.Named("item-added"))
            .Event<BasketClosed>(e => e.Named("basket-closed"))
            .Endpoint("baskets", e => e.Process<Basket>());
    }
}

internal sealed class Cyclic
{
    public Cyclic? Self { get; set; }
}

internal sealed class CyclicSaga : Saga<Cyclic>
{
    protected override void Define(ISagaBuilder<Cyclic> saga) => saga.Named("shop.cyclic").Step("rent", s => s.Send(_ => new Rent("van")).Succeeds<Rented>());
}

internal sealed class OtherSaga : Saga<Rental>
{
    protected override void Define(ISagaBuilder<Rental> saga) => saga.Named("shop.other").Step("car", s => s.Send(r => new Rent(r.Car)).Succeeds<Rented>());
}

internal sealed class WaitsInAHandler(ISagas sagas) : IHandle<CarTaken>
{
    public Task HandleAsync(CarTaken message, MessageContext context, CancellationToken cancellationToken)
        => sagas.RunAsync<RentalV1, Rental>(new Rental { Car = message.Car }, TimeSpan.FromSeconds(1), cancellationToken: cancellationToken);
}

internal sealed class Saving
{
    public required string Name { get; init; }

    public int Attempts { get; set; }
}

internal sealed class SavingSaga : Saga<Saving>
{
    protected override void Define(ISagaBuilder<Saving> saga) => saga.Named("shop.saving").Step("save", s => s.Run<SavesByItself>());
}

internal sealed class SavesByItself(ShopDb db) : ISagaActivity<Saving>
{
    public async Task<ActivityResult> ExecuteAsync(Saving state, ActivityContext context, CancellationToken cancellationToken)
    {
        state.Attempts++;
        db.Effects.Add(new Effect { Handler = state.Name, MessageId = context.Message.MessageId });
        await db.SaveChangesAsync(cancellationToken);
        return state.Name switch
        {
            "failed" => ActivityResult.Failed("it was to fail"),
            "thrown" => throw new NotSupportedException(),
            "third" when context.Message.Attempt < 3 => throw new NotSupportedException(),
            _ => ActivityResult.Done,
        };
    }
}
