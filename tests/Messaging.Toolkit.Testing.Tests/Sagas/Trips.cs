using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Sagas;

/// <summary>
/// An application with one saga of every kind of step. What a step, or its compensation, does is up to each test; what is done leaves
/// a row.
/// </summary>
internal sealed class Trips : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContext<TripsDb>(options => options.UseSqlite("Data Source=nowhere/trips.db"));
        services.AddSingleton<Script>();
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<TripsDb>()
            .Command<Book>(c => c.Named("book").To("services").KeyedBy(m => m.Trip))
            .Command<CancelBooking>(c => c.Named("cancel").To("services").KeyedBy(m => m.Trip))
            .Event<Booked>(e => e.Named("booked"))
            .Event<BookingRefused>(e => e.Named("refused"))
            .Event<TripPlanned>(e => e.Named("planned").KeyedBy(m => m.Trip))
            .Endpoint("services", e => e.Handle<Book, BookHandler>().Handle<CancelBooking, CancelHandler>())
            .Endpoint("trips", e => e.Saga<TripSaga>()));
    }

    /// <summary>Starts the application with a script.</summary>
    public static MessagingHarness Start(Script script) => MessagingHarness.Start<Trips>(services => services.AddSingleton(script));
}

internal sealed class Trip
{
    public required string Name { get; init; }

    public List<string> Confirmations { get; init; } = [];
}

internal sealed class TripSaga : Saga<Trip>
{
    public static readonly TimeSpan StepTimeout = TimeSpan.FromMinutes(1);

    protected override void Define(ISagaBuilder<Trip> saga) => saga
        .Named("trips.trip")
        .Retry(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2))
        .Step("flight", s => s
            .Send(t => new Book(t.Name, "flight"))
            .Succeeds<Booked>((t, reply) => t.Confirmations.Add(reply.Confirmation))
            .Fails<BookingRefused>(reply => reply.Reason)
            .Timeout(StepTimeout)
            .Compensate(t => new CancelBooking(t.Name, "flight")))
        .Parallel("stay", p => p
            .Step("hotel", s => s
                .Send(t => new Book(t.Name, "hotel"))
                .Succeeds<Booked>((t, reply) => t.Confirmations.Add(reply.Confirmation))
                .Fails<BookingRefused>(reply => reply.Reason)
                .Timeout(StepTimeout)
                .Compensate(t => new CancelBooking(t.Name, "hotel")))
            .Step("garden", s => s.Run<PlanGarden>().Timeout(StepTimeout).Compensate<ForgetGarden>()))
        .Pivot("pay", s => s
            .Send(t => new Book(t.Name, "pay"))
            .Succeeds<Booked>()
            .Fails<BookingRefused>(reply => reply.Reason)
            .Timeout(StepTimeout))
        .Step("ticket", s => s
            .Send(t => new Book(t.Name, "ticket"))
            .Succeeds<Booked>()
            .Fails<BookingRefused>()
            .Timeout(StepTimeout))
        .Step("insure", s => s.Run<Insure>())
        .Step("tell", s => s.Publish(t => new TripPlanned(t.Name)));
}

internal sealed record Book(string Trip, string Step);

internal sealed record CancelBooking(string Trip, string Step);

internal sealed record Booked(string Confirmation);

internal sealed record BookingRefused(string Reason);

internal sealed record TripPlanned(string Trip);

/// <summary>Something was done, or undone. There is no unique index on purpose: what happened twice would be two rows.</summary>
internal sealed class Deed
{
    public int Id { get; init; }

    public required string Trip { get; init; }

    public required string What { get; init; }
}

/// <summary>The reply that a service keeps for later.</summary>
internal sealed class OpenReply
{
    public int Id { get; init; }

    public required string Step { get; init; }

    public required string Endpoint { get; init; }

    public required string Request { get; init; }

    public string? Key { get; init; }

    public bool Acknowledge { get; init; }

    public ReplyAddress ToAddress() => new(Endpoint, Request, Key, Acknowledge);
}

internal sealed class TripsDb(DbContextOptions<TripsDb> options) : DbContext(options)
{
    public DbSet<Deed> Deeds => Set<Deed>();

    public DbSet<OpenReply> OpenReplies => Set<OpenReply>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

/// <summary>What a step does when it is its turn.</summary>
public enum Act
{
    Succeed,
    Refuse,
    Throw,

    /// <summary>Does it, and replies when the test says so.</summary>
    ReplyLater,

    /// <summary>Replies twice, under different ids.</summary>
    ReplyTwice,

    /// <summary>Does not return.</summary>
    Hang,

    /// <summary>Changes what the database does not take.</summary>
    Spoil,
}

/// <summary>What each step, or "undo " and the step, does: the acts in turn, then success.</summary>
internal sealed class Script
{
    private readonly Dictionary<string, Queue<Act>> acts = [];

    public Script On(string what, params Act[] turns)
    {
        acts[what] = new Queue<Act>(turns);
        return this;
    }

    public Script Always(string what, Act act) => On(what, [.. Enumerable.Repeat(act, 1000)]);

    public Act Next(string what) => acts.TryGetValue(what, out var turns) && turns.TryDequeue(out var act) ? act : Act.Succeed;
}

internal sealed class BookHandler(TripsDb db, Script script) : IHandle<Book>
{
    public Task HandleAsync(Book message, MessageContext context, CancellationToken cancellationToken)
    {
        switch (script.Next(message.Step))
        {
            case Act.Refuse:
                context.Reply(new BookingRefused("no " + message.Step));
                return Task.CompletedTask;

            case Act.Throw:
                throw new InvalidOperationException("scripted");

            case Act.ReplyLater:
                var to = context.ReplyTo!;
                db.OpenReplies.Add(new OpenReply { Step = message.Step, Endpoint = to.Endpoint, Request = to.Request, Key = to.Key, Acknowledge = to.Acknowledge });
                break;

            case Act.ReplyTwice:
                context.Reply(new Booked(message.Step));
                context.Reply(new Booked(message.Step));
                break;

            default:
                context.Reply(new Booked(message.Step));
                break;
        }

        db.Deeds.Add(new Deed { Trip = message.Trip, What = message.Step });
        return Task.CompletedTask;
    }
}

internal sealed class CancelHandler(TripsDb db, Script script) : IHandle<CancelBooking>
{
    public Task HandleAsync(CancelBooking message, MessageContext context, CancellationToken cancellationToken)
    {
        switch (script.Next("undo " + message.Step))
        {
            case Act.Throw:
                throw new InvalidOperationException("scripted");

            case Act.ReplyLater:
                // As if the acknowledgement were under way for long.
                var to = context.ReplyTo!;
                db.OpenReplies.Add(new OpenReply { Step = "undo " + message.Step, Endpoint = to.Endpoint, Request = to.Request, Key = to.Key, Acknowledge = to.Acknowledge });
                context.NoteReply(to);
                break;
        }

        db.Deeds.Add(new Deed { Trip = message.Trip, What = "undo " + message.Step });
        return Task.CompletedTask;
    }
}

internal abstract class ScriptedActivity(TripsDb db, Script script, string what) : ISagaActivity<Trip>
{
    public async Task<ActivityResult> ExecuteAsync(Trip state, ActivityContext context, CancellationToken cancellationToken)
    {
        db.Deeds.Add(new Deed { Trip = state.Name, What = what });
        switch (script.Next(what))
        {
            case Act.Refuse: return ActivityResult.Failed("no " + what);
            case Act.Throw: throw new InvalidOperationException("scripted");
            case Act.Spoil: db.Deeds.Add(new Deed { Trip = null!, What = what }); break;
            case Act.Hang: await new TaskCompletionSource().Task; break;
        }

        state.Confirmations.Add(what);
        return ActivityResult.Done;
    }
}

internal sealed class PlanGarden(TripsDb db, Script script) : ScriptedActivity(db, script, "garden");

internal sealed class ForgetGarden(TripsDb db, Script script) : ScriptedActivity(db, script, "undo garden");

internal sealed class Insure(TripsDb db, Script script) : ScriptedActivity(db, script, "insure");
