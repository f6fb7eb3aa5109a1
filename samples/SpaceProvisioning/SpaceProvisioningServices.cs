using Messaging.Toolkit.Configuration;
using Microsoft.EntityFrameworkCore;
using SpaceProvisioning.Licences;
using SpaceProvisioning.Routing;
using SpaceProvisioning.Shards;
using SpaceProvisioning.Spaces;
using EndpointBuilder = Messaging.Toolkit.Configuration.EndpointBuilder; // ASP.NET Core has one too.

namespace SpaceProvisioning;

/// <summary>Everything but HTTP: all messages, who handles them, and the database. Tests and simulations run it as it is here.</summary>
public static class SpaceProvisioningServices
{
    private static readonly Dictionary<string, Action<EndpointBuilder>> All = new()
    {
        ["spaces"] = e => e.Saga<ProvisionSpace>(),
        ["shards"] = e => e
            .Handle<PlaceSpace, Placements>()
            .Handle<RemovePlacement, Placements>()
            .Process<SlowPlacement>()
            .ShareCommits(1), // Spaces share shards: one row lock per transaction, so that no two wait for each other.
        ["licences"] = e => e
            .Handle<GrantLicence, LicenceDesk>()
            .Handle<ReturnLicence, LicenceDesk>()
            .ShareCommits(1), // As for shards: all licences are of one contract.
        ["routing"] = e => e.Handle<AddRoute, AddRouteHandler>(),
    };

    /// <summary>The names of all endpoints.</summary>
    public static IReadOnlyList<string> Endpoints { get; } = ["spaces", "shards", "licences", "routing"];

    /// <param name="services">The application's.</param>
    /// <param name="database">Says where the database is.</param>
    /// <param name="transport">Brings messages over a broker. Default: they stay in the process.</param>
    /// <param name="endpoints">Those that run in this process; the others must run in another one. Default: all.</param>
    public static IServiceCollection AddSpaceProvisioning(
        this IServiceCollection services, Action<DbContextOptionsBuilder> database, Action<MessagingBuilder>? transport = null, IReadOnlyList<string>? endpoints = null)
    {
        services.AddDbContext<ProvisioningDb>(database); // Nothing special here.

        services.AddMessaging(messaging =>
        {
            messaging
                .UseEntityFrameworkCore<ProvisioningDb>()
                .Source("/samples/space-provisioning")

                // After a crash nobody relays what is left until the lease of the dead process is over: with 3 s instead of 10 s a
                // restart goes to work sooner, for a few more statements per second. Keep it well above MaxPollInterval (1 s).
                .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(3))

                .Command<PlaceSpace>(c => c.Named("shards.place-space").To("shards").KeyedBy(m => m.SpaceId))
                .Command<RemovePlacement>(c => c.Named("shards.remove-placement").To("shards").KeyedBy(m => m.SpaceId))
                .Command<AnswerLater>(c => c.Named("shards.answer-later").To("shards").KeyedBy(m => m.SpaceId))
                .Event<SpacePlaced>(e => e.Named("shards.space-placed"))
                .Event<NoRoom>(e => e.Named("shards.no-room"))
                .Command<GrantLicence>(c => c.Named("licences.grant-licence").To("licences").KeyedBy(m => m.SpaceId))
                .Command<ReturnLicence>(c => c.Named("licences.return-licence").To("licences").KeyedBy(m => m.SpaceId))
                .Event<LicenceGranted>(e => e.Named("licences.licence-granted"))
                .Event<NoLicenceLeft>(e => e.Named("licences.no-licence-left"))
                .Command<AddRoute>(c => c.Named("routing.add-route").To("routing").KeyedBy(m => m.SpaceId))
                .Event<RouteAdded>(e => e.Named("routing.route-added"))
                .Event<RouteRefused>(e => e.Named("routing.route-refused"));

            // All processes know all messages, because each relays what any of them has published.
            transport?.Invoke(messaging);
            foreach (var endpoint in endpoints ?? Endpoints)
            {
                messaging.Endpoint(endpoint, All[endpoint]);
            }
        });
        return services;
    }
}
