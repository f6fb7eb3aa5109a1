using Messaging.Toolkit.Sagas;
using SpaceProvisioning.Licences;
using SpaceProvisioning.Routing;
using SpaceProvisioning.Shards;

namespace SpaceProvisioning.Spaces;

/// <summary>
/// Provisions a space: all of it, or nothing. The id of the saga is that of the space.
/// </summary>
/// <remarks>
/// The route is the pivot, and comes last of what can be refused. Once the world finds a space people use it: to take it away again
/// would undo more than this saga has done. A command that gets no reply may have done so, and therefore is asked for again instead of
/// being undone; and what is left to do behind it, the activation, is ours alone and cannot be refused.
/// </remarks>
public sealed class ProvisionSpace : Saga<Provisioning>
{
    public const string Name = "spaces.provision-space";

    protected override void Define(ISagaBuilder<Provisioning> saga) => saga
        .Named(Name)
        .Step("record", s => s
            .Run<CreateRecord>()
            .Compensate<RemoveRecord>())
        .Parallel("resources", p => p
            .Step("shard", s => s
                .Send(x => new PlaceSpace(x.SpaceId, x.Name))
                .Succeeds<SpacePlaced>((x, reply) => x.Shard = reply.Shard)
                .Fails<NoRoom>(reply => reply.Reason)
                .Compensate(x => new RemovePlacement(x.SpaceId))
                .Timeout(TimeSpan.FromMinutes(10)))
            .Step("licence", s => s
                .Send(x => new GrantLicence(x.SpaceId, x.Name))
                .Succeeds<LicenceGranted>((x, reply) => x.Licence = reply.Key)
                .Fails<NoLicenceLeft>(reply => reply.Reason)
                .Compensate(x => new ReturnLicence(x.SpaceId))
                .Timeout(TimeSpan.FromMinutes(10))))
        .Pivot("route", s => s
            .Send(x => new AddRoute(x.SpaceId, x.Name, x.Shard!))
            .Succeeds<RouteAdded>((x, reply) => x.Host = reply.Host)
            .Fails<RouteRefused>(reply => reply.Reason)
            .Timeout(TimeSpan.FromMinutes(1)))
        .Step("activate", s => s.Run<ActivateRecord>());
}
