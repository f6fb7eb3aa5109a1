using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Numbered;

/// <summary>
/// Transactions count and publish the number, in every way in which that can be done. What is published is handled by two
/// endpoints, one of which publishes in its turn, and its messages are handled by a third.
/// </summary>
internal sealed class NumberedApplication : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContextPool<NumberedDb>(SimulatedContext.Configure);
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<NumberedDb>()
            .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(5))
            .Inbox(inbox => inbox.CleanupInterval = TimeSpan.FromSeconds(1))
            .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))
            .Event<Echoed>(e => e.Named("echoed").KeyedBy(m => m.Key))
            .Command<Note>(c => c.Named("note").To("notes"))
            .Endpoint("first", e => e.Handle<Counted, First>().Concurrency(4))
            .Endpoint("second", e => e.Handle<Counted, Second>().Concurrency(4))
            .Endpoint("echoes", e => e.Handle<Echoed, Echoes>().Concurrency(4))
            .Endpoint("notes", e => e.Handle<Note, Notes>().Concurrency(4)));
    }
}

internal sealed record Counted(string Key, int Number);

internal sealed record Echoed(string Key, int Number);

internal sealed record Note(string Key, int Number)
{
    /// <summary>No handler can do anything with it.</summary>
    public static readonly Note Poison = new("poison", -1);
}

internal sealed class First(NumberedDb db) : IHandle<Counted>
{
    public Task HandleAsync(Counted message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Endpoint = context.Endpoint, Key = message.Key, Number = message.Number });
        context.Publish(new Echoed(message.Key, message.Number));
        return Task.CompletedTask;
    }
}

/// <summary>Saves and waits in between, as handlers may.</summary>
internal sealed class Second(NumberedDb db, TimeProvider time) : IHandle<Counted>
{
    public async Task HandleAsync(Counted message, MessageContext context, CancellationToken cancellationToken)
    {
        var before = await db.Effects.CountAsync(effect => effect.Endpoint == context.Endpoint && effect.Key == message.Key, cancellationToken);
        db.Effects.Add(new Effect { Endpoint = context.Endpoint, Key = message.Key, Number = message.Number });
        context.Send(new Note(message.Key, before));
        await db.SaveChangesAsync(cancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(5), time, cancellationToken);
        context.Send(new Note(message.Key, message.Number));
    }
}

internal sealed class Echoes(NumberedDb db) : IHandle<Echoed>
{
    public Task HandleAsync(Echoed message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Endpoint = context.Endpoint, Key = message.Key, Number = message.Number });
        return Task.CompletedTask;
    }
}

internal sealed class Notes(NumberedDb db) : IHandle<Note>
{
    public Task HandleAsync(Note message, MessageContext context, CancellationToken cancellationToken)
    {
        if (message == Note.Poison)
        {
            throw new InvalidOperationException("This message is poison.");
        }

        db.Effects.Add(new Effect { Endpoint = context.Endpoint, Key = message.Key, Number = message.Number });
        return Task.CompletedTask;
    }
}
