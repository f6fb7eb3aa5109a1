using Messaging.Toolkit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>
/// Trips are booked by sagas, step by step at services that do all that services do, and parcels are followed by a process manager. How
/// everything goes is decided by the clients and travels in the messages: a handler that runs again does the same again.
/// </summary>
internal sealed class SagasApplication : ISimulatedApplication
{
    /// <summary>So many that no fault makes an instance's own messages fail for good: what is left behind then, somebody would have to mend by hand.</summary>
    private const int InstanceRetries = 12;

    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContextPool<SagasDb>(SimulatedContext.Configure);
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<SagasDb>()
            .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(5))
            .Inbox(inbox => inbox.CleanupInterval = TimeSpan.FromSeconds(5))
            .Command<Book>(c => c.Named("book").To("services").KeyedBy(m => m.Trip))
            .Command<Cancel>(c => c.Named("cancel").To("services").KeyedBy(m => m.Trip))
            .Command<Prompt>(c => c.Named("prompt").To("services").KeyedBy(m => m.Trip))
            .Event<Booked>(e => e.Named("booked"))
            .Event<Refused>(e => e.Named("refused"))
            .Event<TripReady>(e => e.Named("trip-ready").KeyedBy(m => m.Trip))
            .Event<Ordered>(e => e.Named("ordered").KeyedBy(m => m.Customer))
            .Event<Paid>(e => e.Named("paid").KeyedBy(m => m.Payment))
            .Event<Packed>(e => e.Named("packed").KeyedBy(m => m.Shelf))
            .Endpoint("services", e => e
                .Handle<Book, BookHandler>().Handle<Cancel, CancelHandler>().Handle<Prompt, PromptHandler>().Handle<TripReady, ReadyHandler>()
                .Concurrency(4))
            .Endpoint("trips", e => e.Saga<TripSaga>().Saga<HastyTripSaga>().Concurrency(4).OnFailure(f => f.RetryImmediately(InstanceRetries)))
            .Endpoint("parcels", e => e.Process<ParcelProcess>().Concurrency(4).OnFailure(f => f.RetryImmediately(InstanceRetries))));
    }
}
