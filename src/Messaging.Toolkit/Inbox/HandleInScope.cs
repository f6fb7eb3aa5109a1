using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.Inbox;

/// <summary>Handles one message of a group.</summary>
/// <param name="scope">The services of this message's scope.</param>
/// <param name="session">The unit of work that takes the outgoing messages.</param>
/// <param name="index">Which message of the group.</param>
/// <param name="cancellationToken">The one given to <see cref="IInbox.HandleAsync"/>.</param>
public delegate Task HandleInScope(IServiceProvider scope, IOutboxSession session, int index, CancellationToken cancellationToken);
