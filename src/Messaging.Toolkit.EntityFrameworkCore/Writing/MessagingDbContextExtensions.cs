using Messaging.Toolkit;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Publishing on a DbContext that is named, where a scope has several or none: with factories, or several contexts.</summary>
public static class MessagingDbContextExtensions
{
    /// <inheritdoc cref="IMessageBus.Publish"/>
    /// <param name="context">The context whose next <c>SaveChanges</c> writes the message.</param>
    /// <param name="message">An instance of a type registered with <c>Event&lt;T&gt;</c>.</param>
    /// <param name="configure">Key, correlation id and headers of this one message.</param>
    public static void Publish(this DbContext context, object message, Action<PublishOptions>? configure = null)
        => Add(context, message, MessageKind.Event, configure);

    /// <inheritdoc cref="IMessageBus.Send"/>
    /// <param name="context">The context whose next <c>SaveChanges</c> writes the message.</param>
    /// <param name="message">An instance of a type registered with <c>Command&lt;T&gt;</c>.</param>
    /// <param name="configure">Key, correlation id and headers of this one message.</param>
    public static void Send(this DbContext context, object message, Action<PublishOptions>? configure = null)
        => Add(context, message, MessageKind.Command, configure);

    /// <inheritdoc cref="IMessageBus.Reply"/>
    /// <param name="context">The context whose next <c>SaveChanges</c> writes the reply.</param>
    /// <param name="message">An instance of a type registered with <c>Event&lt;T&gt;</c>.</param>
    /// <param name="to">The <see cref="MessageContext.ReplyTo"/> of the message that is replied to, kept as long as need be.</param>
    /// <param name="configure">Correlation id and headers of the reply, and its key if the asker has not said one.</param>
    public static void Reply(this DbContext context, object message, ReplyAddress to, Action<PublishOptions>? configure = null)
    {
        var session = SessionOf(context);
        session.Add(session.Store.Outgoing.CreateReply(message, to, configure, session.Cause));
    }

    /// <inheritdoc cref="IMessageBus.Cancel"/>
    /// <param name="context">The context whose next <c>SaveChanges</c> cancels.</param>
    /// <param name="scheduleId">The <see cref="PublishOptions.ScheduleId"/>.</param>
    public static void Cancel(this DbContext context, string scheduleId)
    {
        Schedule.ThrowUnlessId(scheduleId);
        SessionOf(context).Cancel(scheduleId);
    }

    /// <summary>
    /// Forgets the messages that were published on the context and not saved yet, and what was cancelled on it: what <c>ChangeTracker.Clear()</c> does to
    /// entities, for messages. Call both when a unit of work is given up and its context goes on being used.
    /// </summary>
    public static void DiscardMessages(this DbContext context) => SessionOf(context).Discard();

    /// <summary>
    /// Runs work and <c>SaveChanges</c> in one transaction through the context's execution strategy, safe under
    /// <c>EnableRetryOnFailure</c>: a token row is committed with it, so that a commit whose reply was lost is looked up and
    /// not guessed.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="work">All of the work, reads included. When it is retried it begins with an empty change tracker and no
    /// messages: what was tracked before the call is not there any more.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    public static Task ExecuteInTransactionAsync(this DbContext context, Func<CancellationToken, Task> work, CancellationToken cancellationToken = default)
    {
        var session = SessionOf(context);
        var attempts = 0;
        return RetriedTransaction.RunAsync(
            context,
            session,
            async cancel =>
            {
                if (attempts++ > 0)
                {
                    context.ChangeTracker.Clear();
                    session.Discard();
                }

                await work(cancel);
                await context.SaveChangesAsync(cancel);
            },
            cancellationToken);
    }

    private static void Add(DbContext context, object message, MessageKind kind, Action<PublishOptions>? configure)
    {
        var session = SessionOf(context);
        session.Add(session.Store.Outgoing.Create(message, kind, configure, session.Cause));
    }

    private static OutboxSession SessionOf(DbContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.GetService<IDbContextOptions>().FindExtension<MessagingExtension>() is null)
        {
            throw new MessagingException(
                $"{context.GetType().Name} has no outbox: add .UseEntityFrameworkCore<{context.GetType().Name}>() to AddMessaging, and create the context by DI or by IDbContextFactory.");
        }

        return context.GetService<OutboxSession>();
    }
}
