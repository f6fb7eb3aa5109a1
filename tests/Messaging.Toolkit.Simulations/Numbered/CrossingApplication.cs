using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Numbered;

/// <summary>
/// The application that counts with two transports: numbers are counted over one and echoed over the other, and one endpoint receives from both. In a run
/// without a broker both are the process.
/// </summary>
internal sealed class CrossingApplication : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContextPool<NumberedDb>(SimulatedContext.Configure);
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<NumberedDb>()
            .UseTransport("left", Simulated)
            .UseTransport("right", Simulated)
            .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(5))
            .Inbox(inbox => inbox.CleanupInterval = TimeSpan.FromSeconds(1))
            .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))
            .Event<Echoed>(e => e.Named("echoed").KeyedBy(m => m.Key).Via("right"))
            .Command<Note>(c => c.Named("note").To("notes"))
            .Endpoint("first", e => e.Handle<Counted, First>().Concurrency(4))
            .Endpoint("second", e => e.Handle<Counted, Second>().Concurrency(4))
            .Endpoint("echoes", e => e.Handle<Echoed, Echoes>().Concurrency(4))
            .Endpoint("both", e => e.Handle<Counted, Watches>().Handle<Echoed, Watches>().Concurrency(4))
            .Endpoint("notes", e => e.Via("right").Handle<Note, Notes>().Concurrency(4)));
    }

    /// <summary>The simulation has its own in its place.</summary>
    private static ITransport Simulated(IServiceProvider services, MessageTopology topology) => new InProcessTransport();
}

/// <summary>Does nothing: what comes, and in which order, is watched from outside.</summary>
internal sealed class Watches : IHandle<Counted>, IHandle<Echoed>
{
    public Task HandleAsync(Counted message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task HandleAsync(Echoed message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
