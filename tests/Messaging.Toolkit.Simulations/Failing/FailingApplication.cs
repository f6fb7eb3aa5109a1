using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Failing;

/// <summary>
/// Numbers that handlers fail at: some for a while, some until what they need is mended. One endpoint goes on without what it gives up,
/// and parks little; the other holds the key.
/// </summary>
internal sealed class FailingApplication : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContextPool<FailingDb>(SimulatedContext.Configure);
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<FailingDb>()
            .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(5))
            .Event<Tried>(e => e.Named("tried").KeyedBy(m => m.Key))
            .Event<Done>(e => e.Named("done").KeyedBy(m => m.Key))
            .Endpoint("skips", e => e.Handle<Tried, Tries>().Concurrency(4).OnFailure(f => f
                .RetryImmediately(1).ThenAfter(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)).ThenDeadLetter().MaxParkedPerKey(3)))
            .Endpoint("holds", e => e.Handle<Tried, Tries>().Concurrency(4).OnFailure(f => f
                .RetryImmediately(1).ThenBackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 2).ThenDeadLetter(KeyPolicy.HoldKey)))
            .Endpoint("ends", e => e.Handle<Done, Ends>().Concurrency(4)));
    }
}

/// <summary>A number, and what becomes of the handlers that get it.</summary>
/// <param name="Key">Its key, in which numbers are counted.</param>
/// <param name="Number">The number, from 1.</param>
/// <param name="Failures">How many attempts fail.</param>
/// <param name="NeedsMending">Whether all fail until somebody has mended what it needs.</param>
internal sealed record Tried(string Key, int Number, int Failures, bool NeedsMending);

internal sealed record Done(string Key, int Number, string Endpoint);

internal sealed class Tries(FailingDb db) : IHandle<Tried>
{
    public async Task HandleAsync(Tried message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Endpoint = context.Endpoint, Key = message.Key, Number = message.Number });
        context.Publish(new Done(message.Key, message.Number, context.Endpoint));
        if (context.Attempt <= message.Failures || (message.NeedsMending && !await db.Mendings.AnyAsync(mending => mending.Key == message.Key && mending.Number == message.Number, cancellationToken)))
        {
            throw new InvalidOperationException("It does not work yet.");
        }
    }
}

internal sealed class Ends(FailingDb db) : IHandle<Done>
{
    public Task HandleAsync(Done message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Endpoint = $"{message.Endpoint} ends", Key = message.Key, Number = message.Number });
        return Task.CompletedTask;
    }
}
