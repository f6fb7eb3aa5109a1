using System.Collections.Concurrent;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>A car is rented: a saga whose services answer when the test says so, and a process manager for the car's way back.</summary>
internal static class Rentals
{
    public static MessagingBuilder Messages(MessagingBuilder messaging)
    {
        SagaHosts.BeQuick(messaging);
        return messaging
            .Command<Rent>(c => c.Named("rent").To("services"))
            .Command<Unrent>(c => c.Named("unrent").To("services"))
            .Event<Rented>(e => e.Named("rented"))
            .Event<RentRefused>(e => e.Named("rent-refused"))
            .Event<CarTaken>(e => e.Named("car-taken"))
            .Event<CarReturned>(e => e.Named("car-returned"))
            .Endpoint("services", e => e.Handle<Rent, RentHandler>().Handle<Unrent, RentHandler>());
    }

    /// <summary>A configuration with this saga.</summary>
    public static Action<MessagingBuilder> With<TSaga>(ConcurrentDictionary<string, ReplyAddress> open) where TSaga : SagaBase, new() => messaging =>
    {
        messaging.Services.AddSingleton(open);
        Messages(messaging).Endpoint("rentals", e => e.Saga<TSaga>());
    };

    /// <summary>Answers what a service was asked for.</summary>
    public static Task ReplyAsync(this ShopHost host, ReplyAddress to, object reply) => host.InScopeAsync(async (db, bus) =>
    {
        bus.Reply(reply, to);
        await db.SaveChangesAsync();
    });
}

internal sealed record Rent(string What);

internal sealed record Unrent(string What);

internal sealed record Rented(string What);

internal sealed record RentRefused(string Reason);

internal sealed record CarTaken(string Car);

internal sealed record CarReturned(string Car, int Kilometres = 0);

/// <summary>Notes what was asked for, and keeps who has asked if it begins with "later".</summary>
internal sealed class RentHandler(ShopDb db, ConcurrentDictionary<string, ReplyAddress> open) : IHandle<Rent>, IHandle<Unrent>
{
    public Task HandleAsync(Rent message, MessageContext context, CancellationToken cancellationToken)
    {
        if (message.What.StartsWith("later", StringComparison.Ordinal))
        {
            open[message.What] = context.ReplyTo!;
        }
        else
        {
            context.Reply(new Rented(message.What));
        }

        return Note(message.What, context);
    }

    public Task HandleAsync(Unrent message, MessageContext context, CancellationToken cancellationToken) => Note("undo " + message.What, context);

    private Task Note(string what, MessageContext context)
    {
        db.Effects.Add(new Effect { Handler = what, MessageId = context.MessageId, Key = context.Key });
        return Task.CompletedTask;
    }
}
