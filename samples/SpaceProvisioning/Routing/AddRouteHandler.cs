using Messaging.Toolkit;

namespace SpaceProvisioning.Routing;

/// <summary>Gives a space its host name. There is no way back: see <see cref="Spaces.ProvisionSpace"/>.</summary>
public sealed class AddRouteHandler(ProvisioningDb db) : IHandle<AddRoute>
{
    public Task HandleAsync(AddRoute message, MessageContext context, CancellationToken cancellationToken)
    {
        Trouble.ThrowIfBroken(message.Name, "route");
        if (Trouble.IsRefused(message.Name, "route"))
        {
            context.Reply(new RouteRefused("the host name cannot be routed"));
            return Task.CompletedTask;
        }

        var route = new HostRoute { SpaceId = message.SpaceId, Host = $"{message.Name}.spaces.example", Shard = message.Shard };
        db.Routes.Add(route);
        db.Note(message.SpaceId, "route", context);
        context.Reply(new RouteAdded(route.Host));
        return Task.CompletedTask;
    }
}
