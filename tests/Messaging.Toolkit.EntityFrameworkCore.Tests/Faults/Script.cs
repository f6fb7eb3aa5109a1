using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>One call of a handler, for the test to act in the middle of it.</summary>
public sealed record ScriptedCall(string Endpoint, OrderPlaced Message, MessageContext Context, ShopDb Db, CancellationToken CancellationToken)
{
    public string Key => Message.OrderId;

    public int Number => Message.Number;
}

/// <summary>What a test does in its handlers, before they note their effect.</summary>
public sealed class Script(Func<ScriptedCall, Task> run)
{
    public Task RunAsync(ScriptedCall call) => run(call);

    /// <summary>An endpoint "shop", and others if they are named, whose handlers do what the script says and note one effect.</summary>
    public static Action<MessagingBuilder> Of(
        Func<ScriptedCall, Task>? run = null, Action<EndpointBuilder>? endpoint = null, Action<MessagingBuilder>? messaging = null, string[]? endpoints = null) => m =>
    {
        m.Services.AddSingleton(new Script(run ?? (_ => Task.CompletedTask)));
        m.Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(message => message.OrderId));
        foreach (var name in endpoints ?? ["shop"])
        {
            m.Endpoint(name, e =>
            {
                e.Handle<OrderPlaced, ScriptedHandler>();
                endpoint?.Invoke(e);
            });
        }

        messaging?.Invoke(m);
    };
}

/// <summary>Says that it was called, follows the script and notes its effect. The effect's handler is the endpoint.</summary>
public sealed class ScriptedHandler(ShopDb db, Handled handled, Script script) : IHandle<OrderPlaced>
{
    public async Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        handled.Add(context.Endpoint, context.Key, message.Number);
        await script.RunAsync(new ScriptedCall(context.Endpoint, message, context, db, cancellationToken));
        db.Effects.Add(new Effect { Handler = context.Endpoint, MessageId = context.MessageId, Key = context.Key, Number = message.Number });
    }
}

public static class SharedHandled
{
    /// <summary>Lets several hosts, or the lives of one, count their handlers' calls together.</summary>
    public static MessagingBuilder With(this MessagingBuilder messaging, Handled handled)
    {
        messaging.Services.AddSingleton(handled);
        return messaging;
    }
}
