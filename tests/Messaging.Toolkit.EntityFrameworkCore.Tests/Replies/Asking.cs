using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Replies;

/// <summary>
/// The shop asks billing to charge a card, and hears of it. Audit subscribes to charges, too, and is nobody who asks.
/// What billing does is up to each test.
/// </summary>
internal static class Asking
{
    public static readonly ReplyAddress Shop = new("shop", "request 1", "the shop's key");

    public static Task<ShopHost> CreateAsync(TestDatabase database, Func<BillingCall, Task>? billing = null)
        => ShopHost.CreateAsync(database, m =>
        {
            m.Services.AddSingleton(new Billing(billing ?? (_ => Task.CompletedTask)));
            ShopHost.Messages(m)
                .Endpoint("billing", e => e.Handle<ChargeCard, BillingHandler>().OnFailure(f => f.RetryImmediately(1)))
                .Endpoint("audit", e => e.Handle<CardCharged, Hears>().Handle<OrderPlaced, Hears>())
                .Endpoint("shop", e => e.Handle<CardCharged, Hears>().Handle<Answer, Hears>());
        });

    public static async Task<ShopHost> StartAsync(TestDatabase database, Func<BillingCall, Task>? billing = null)
    {
        var host = await CreateAsync(database, billing);
        await host.StartAsync();
        return host;
    }

    /// <summary>Has billing charge a card, and the reply sent to the address.</summary>
    public static Task AskAsync(this ShopHost host, ReplyAddress? replyTo) => host.InScopeAsync(async (db, bus) =>
    {
        ((MessageBus)bus).Add(new ChargeCard("order", 1), MessageKind.Command, new Addressing { ReplyTo = replyTo });
        await db.SaveChangesAsync();
    });

    /// <summary>Has every message come once more, as after a sender that lost its confirms.</summary>
    public static Task RepeatAllAsync(this ShopHost host) => host.InScopeAsync(async (db, _) =>
    {
        foreach (var row in await db.Set<OutboxRow>().AsNoTracking().ToListAsync())
        {
            row.Id = 0;
            db.Add(row);
        }

        await db.SaveChangesAsync();
    });

    /// <summary>What endpoints have heard when nothing is left to do: "endpoint: what in reply to what, by which key".</summary>
    public static async Task<List<string>> HeardAsync(this ShopHost host)
    {
        await Verdict.EventuallyAsync(async () => (await host.OutboxAsync()).Count == 0, "an empty outbox");
        return [.. (await host.EffectsAsync()).Select(effect => $"{effect.Handler}, key {effect.Key ?? "-"}")];
    }
}

/// <summary>A call of the handler in billing.</summary>
internal sealed record BillingCall(ChargeCard Message, MessageContext Context, ShopDb Db, IMessageBus Bus);

internal sealed record Billing(Func<BillingCall, Task> Run);

internal sealed class BillingHandler(ShopDb db, IMessageBus bus, Billing billing, Handled handled) : IHandle<ChargeCard>
{
    public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
    {
        handled.Add("billing", context.Key, message.Number);
        return billing.Run(new BillingCall(message, context, db, bus));
    }
}

/// <summary>Notes what comes.</summary>
internal sealed class Hears(ShopDb db) : IHandle<CardCharged>, IHandle<OrderPlaced>, IHandle<Answer>
{
    public Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken) => Note($"charged {message.Number}", context);

    public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken) => Note($"placed {message.Number}", context);

    public Task HandleAsync(Answer message, MessageContext context, CancellationToken cancellationToken)
        => Note(message.Handled ? "handled" : $"given up ({message.Reason})", context);

    private Task Note(string what, MessageContext context)
    {
        db.Effects.Add(new Effect
        {
            Handler = $"{context.Endpoint}: {what} in reply to {context.Envelope.InReplyTo ?? "nothing"}", MessageId = context.MessageId, Key = context.Key,
        });
        return Task.CompletedTask;
    }
}
