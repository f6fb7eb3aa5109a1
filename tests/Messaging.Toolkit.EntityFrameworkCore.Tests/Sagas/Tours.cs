using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>Tours are booked by a saga of every kind of step, with the services that it asks. What goes wrong follows from the number of the tour.</summary>
internal static class Tours
{
    /// <summary>The first argument of the program, in a process that runs them.</summary>
    public const string Role = "tours";

    public static string KeyOf(int number) => $"tour-{number}";

    /// <summary>The steps that have an effect, in whatever order, if the tour is booked.</summary>
    public static readonly string[] Forwards = ["flight", "hotel", "garden", "pay", "ticket", "insure"];

    /// <summary>The step that fails for good, and so undoes the tour; null if none does.</summary>
    public static string? FailureOf(int number) => (number % 8) switch
    {
        1 => "flight",
        2 => "hotel",
        3 => "garden",
        4 => "pay",
        _ => null,
    };

    /// <summary>Whether a service throws, and so leaves a dead letter.</summary>
    public static bool IsDeadLetter(int number) => number % 8 == 1;

    /// <summary>Whether the step behind the pivot is refused at first.</summary>
    public static bool IsTicketLate(int number) => number % 8 == 5;

    public static void Configure(MessagingBuilder messaging)
    {
        SagaHosts.BeQuick(messaging);
        messaging
            .Command<Reserve>(c => c.Named("reserve").To("services").KeyedBy(m => KeyOf(m.Tour)))
            .Command<Cancel>(c => c.Named("cancel").To("services").KeyedBy(m => KeyOf(m.Tour)))
            .Event<Reserved>(e => e.Named("reserved"))
            .Event<Refused>(e => e.Named("refused"))
            .Endpoint("services", e => e.Handle<Reserve, ServiceHandler>().Handle<Cancel, ServiceHandler>().OnFailure(f => f.RetryImmediately(1)))
            .Endpoint("tours", e => e.Saga<TourSaga>().OnFailure(f => f.RetryImmediately(1)));
    }

    public static async Task<ChildProgram> StartAsync(TestDatabase database)
    {
        var process = ChildProgram.Start(Role, database.Kind, database.ConnectionString);
        await process.StartedAsync();
        return process;
    }

    /// <summary>The program of the child.</summary>
    public static async Task RunAsync(TestDatabase database)
    {
        await using var host = await ShopHost.StartAsync(database, Configure);
        await ChildProgram.RunAsync();
    }
}

internal sealed record Reserve(int Tour, string What);

internal sealed record Cancel(int Tour, string What);

internal sealed record Reserved(string What);

internal sealed record Refused(string Reason);

internal sealed class Tour
{
    public int Number { get; init; }

    public List<string> Confirmed { get; init; } = [];
}

internal sealed class TourSaga : Saga<Tour>
{
    protected override void Define(ISagaBuilder<Tour> saga) => saga
        .Named("shop.tour")
        .Retry(20, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200))
        .Step("flight", s => Send(s, "flight").Compensate(t => new Cancel(t.Number, "flight")))
        .Parallel("stay", p => p
            .Step("hotel", s => Send(s, "hotel").Compensate(t => new Cancel(t.Number, "hotel")))
            .Step("garden", s => s.Run<OpenGarden>().Compensate<CloseGarden>()))
        .Pivot("pay", s => Send(s, "pay"))
        .Step("ticket", s => Send(s, "ticket"))
        .Step("insure", s => s.Run<Insure>());

    private static TStep Send<TStep>(StepBuilder<Tour, TStep> step, string what) where TStep : StepBuilder<Tour, TStep>
        => step.Send(t => new Reserve(t.Number, what)).Succeeds<Reserved>((t, reply) => t.Confirmed.Add(reply.What)).Fails<Refused>(reply => reply.Reason);
}

internal sealed class ServiceHandler(ShopDb db) : IHandle<Reserve>, IHandle<Cancel>
{
    public async Task HandleAsync(Reserve message, MessageContext context, CancellationToken cancellationToken)
    {
        if (Tours.FailureOf(message.Tour) == message.What)
        {
            context.Reply(Tours.IsDeadLetter(message.Tour) ? throw new NotSupportedException() : new Refused("no " + message.What));
            return;
        }

        if (message.What == "ticket" && Tours.IsTicketLate(message.Tour) && !await IsRefusedAsync(message, cancellationToken))
        {
            Note(message.Tour, "no ticket yet", context);
            context.Reply(new Refused("no ticket yet"));
            return;
        }

        Note(message.Tour, message.What, context);
        context.Reply(new Reserved(message.What));
    }

    public Task HandleAsync(Cancel message, MessageContext context, CancellationToken cancellationToken)
    {
        Note(message.Tour, "undo " + message.What, context);
        return Task.CompletedTask;
    }

    private Task<bool> IsRefusedAsync(Reserve message, CancellationToken cancellationToken)
    {
        var key = Tours.KeyOf(message.Tour);
        return db.Effects.AnyAsync(effect => effect.Key == key && effect.Handler == "no ticket yet", cancellationToken);
    }

    private void Note(int tour, string what, MessageContext context)
        => db.Effects.Add(new Effect { Handler = what, MessageId = context.MessageId, Key = Tours.KeyOf(tour), Number = tour });
}

internal abstract class TourActivity(ShopDb db, string what) : ISagaActivity<Tour>
{
    public Task<ActivityResult> ExecuteAsync(Tour state, ActivityContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = what, MessageId = context.Message.MessageId, Key = Tours.KeyOf(state.Number), Number = state.Number });
        return Tours.FailureOf(state.Number) == what ? throw new NotSupportedException() : Task.FromResult(ActivityResult.Done);
    }
}

internal sealed class OpenGarden(ShopDb db) : TourActivity(db, "garden");

internal sealed class CloseGarden(ShopDb db) : TourActivity(db, "undo garden");

internal sealed class Insure(ShopDb db) : TourActivity(db, "insure");
