using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace SpaceProvisioning.Shards;

/// <summary>Places spaces on shards, and removes them again.</summary>
public sealed class Placements(ProvisioningDb db) : IHandle<PlaceSpace>, IHandle<RemovePlacement>
{
    public async Task HandleAsync(PlaceSpace message, MessageContext context, CancellationToken cancellationToken)
    {
        Trouble.ThrowIfBroken(message.Name, "shard");
        var shard = Trouble.IsRefused(message.Name, "shard") ? null : await TakeAsync(cancellationToken);
        if (shard is null)
        {
            // A refusal is a reply like any other. It has changed nothing, so there is nothing to undo here.
            context.Reply(new NoRoom("no shard has room"));
            return;
        }

        db.Placements.Add(new Placement { SpaceId = message.SpaceId, Shard = shard });
        db.Note(message.SpaceId, "shard", context);
        if (Trouble.IsSlow(message.Name, "shard"))
        {
            context.Send(new AnswerLater(message.SpaceId, shard, context.ReplyTo!));
        }
        else
        {
            context.Reply(new SpacePlaced(shard));
        }
    }

    /// <summary>No reply: the toolkit tells the saga when this has committed.</summary>
    public async Task HandleAsync(RemovePlacement message, MessageContext context, CancellationToken cancellationToken)
    {
        // It throws if there is none, or more: the saga would be stuck, for everyone to see.
        var placement = await db.Placements.SingleAsync(placement => placement.SpaceId == message.SpaceId, cancellationToken);
        db.Placements.Remove(placement);
        await db.Shards.Where(shard => shard.Name == placement.Shard)
            .ExecuteUpdateAsync(set => set.SetProperty(shard => shard.Free, shard => shard.Free + 1), cancellationToken);
        db.Note(message.SpaceId, "shard", context, isUndo: true);
    }

    /// <summary>Takes a place on the emptiest shard. Looks and takes in one statement, so that two spaces never get the same last place.</summary>
    private async Task<string?> TakeAsync(CancellationToken cancellationToken)
    {
        while (await db.Shards.AsNoTracking().Where(shard => shard.Free > 0).OrderByDescending(shard => shard.Free).ThenBy(shard => shard.Name).FirstOrDefaultAsync(cancellationToken) is { Name: var name })
        {
            var taken = await db.Shards.Where(shard => shard.Name == name && shard.Free > 0)
                .ExecuteUpdateAsync(set => set.SetProperty(shard => shard.Free, shard => shard.Free - 1), cancellationToken);
            if (taken > 0)
            {
                return name;
            }
        }

        return null;
    }
}
