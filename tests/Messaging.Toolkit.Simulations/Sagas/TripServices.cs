using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>Books, in the way in which the client wants it to go.</summary>
internal sealed class BookHandler(SagasDb db, TimeProvider time) : IHandle<Book>
{
    public async Task HandleAsync(Book message, MessageContext context, CancellationToken cancellationToken)
    {
        var (kind, times, until) = message.Turn;
        if ((kind == TurnKind.Throw && context.Attempt <= times) || (kind == TurnKind.Away && time.GetUtcNow() < until))
        {
            throw new InvalidOperationException("The client wants it to throw.");
        }

        if (kind == TurnKind.Refuse && await RefuseAsync(message, context, times, cancellationToken))
        {
            return;
        }

        db.Deeds.Add(new Deed { Trip = message.Trip, What = message.Step, Message = context.MessageId });
        if (kind == TurnKind.ReplyLater && !await db.Deeds.AnyAsync(deed => deed.Trip == message.Trip && deed.What == Deed.Prompted, cancellationToken))
        {
            var to = context.ReplyTo!;
            db.OpenReplies.Add(new OpenReply { Trip = message.Trip, Step = message.Step, Endpoint = to.Endpoint, Request = to.Request, Key = to.Key, Acknowledge = to.Acknowledge });
            return;
        }

        context.Reply(new Booked(message.Step));
        if (kind == TurnKind.ReplyTwice)
        {
            context.Reply(new Booked(message.Step));
        }
    }

    private async Task<bool> RefuseAsync(Book message, MessageContext context, int times, CancellationToken cancellationToken)
    {
        var what = "refused " + message.Step;
        if (await db.Deeds.CountAsync(deed => deed.Trip == message.Trip && deed.What == what, cancellationToken) >= times)
        {
            return false;
        }

        db.Deeds.Add(new Deed { Trip = message.Trip, What = what, Message = context.MessageId });
        context.Reply(new Refused("no " + message.Step));
        return true;
    }
}

/// <summary>Cancels. That it is done the toolkit reports.</summary>
internal sealed class CancelHandler(SagasDb db, TimeProvider time) : IHandle<Cancel>
{
    public Task HandleAsync(Cancel message, MessageContext context, CancellationToken cancellationToken)
    {
        var (kind, times, until) = message.Turn;
        if ((kind == TurnKind.Throw && context.Attempt <= times) || (kind == TurnKind.Away && time.GetUtcNow() < until))
        {
            throw new InvalidOperationException("The client wants it to throw.");
        }

        db.Deeds.Add(new Deed { Trip = message.Trip, What = Trip.UndoOf(message.Step), Message = context.MessageId });
        return Task.CompletedTask;
    }
}

/// <summary>Replies what was left open, to the addresses that were kept.</summary>
internal sealed class PromptHandler(SagasDb db) : IHandle<Prompt>
{
    public async Task HandleAsync(Prompt message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Deeds.Add(new Deed { Trip = message.Trip, What = Deed.Prompted, Message = context.MessageId });
        var open = await db.OpenReplies.Where(reply => reply.Trip == message.Trip).OrderBy(reply => reply.Id).ToListAsync(cancellationToken);
        foreach (var reply in open)
        {
            context.Reply(new Booked(reply.Step), reply.ToAddress());
        }

        db.OpenReplies.RemoveRange(open);
    }
}

internal sealed class ReadyHandler(SagasDb db) : IHandle<TripReady>
{
    public Task HandleAsync(TripReady message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Deeds.Add(new Deed { Trip = message.Trip, What = "tell", Message = context.MessageId });
        return Task.CompletedTask;
    }
}
