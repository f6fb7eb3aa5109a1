using System.Diagnostics;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Diagnostics.Tracing;

/// <summary>The span in which a message is made, whose context it carries wherever it goes.</summary>
internal sealed class CreateSpans(MessagingTracer tracer, Addresses addresses)
{
    /// <summary>
    /// Notes that a message is made. Returns the context that it is to carry: that of the span; or, if nobody listens, that of whoever publishes, or of the message that it
    /// is published because of.
    /// </summary>
    /// <param name="message">The message as it is so far.</param>
    /// <param name="system">The kind of transport that it will go over.</param>
    /// <param name="started">When its making began.</param>
    /// <param name="cause">The message that it is published because of, or null.</param>
    public (string? Parent, string? State) Note(MessageEnvelope message, string system, DateTimeOffset started, MessageEnvelope? cause)
    {
        var present = Activity.Current;
        var address = addresses.Of(message);
        var tags = new TagList
        {
            { TagNames.System, system },
            { TagNames.Operation, Operations.Create },
            { TagNames.OperationType, Operations.Create },
            { TagNames.Destination, address },
            { TagNames.MessageType, message.Type },
            { TagNames.MessageId, message.Id.ToString() },
            { TagNames.ConversationId, message.ConversationId.ToString() },
        };
        if (tracer.Start($"{Operations.Create} {address}", ActivityKind.Producer, ParentOf(present, cause), tags, started: started) is not { } activity)
        {
            return Ambient(cause);
        }

        var context = TraceContext.Keep(activity.Id, activity.TraceStateString);
        tracer.End(activity, errorType: null, next: present);
        return context.Parent is null ? Ambient(cause) : context;
    }

    /// <summary>What a message carries that nobody has made a span for.</summary>
    public static (string? Parent, string? State) Ambient(MessageEnvelope? cause)
        => Activity.Current is { IdFormat: ActivityIdFormat.W3C } present ? (present.Id, present.TraceStateString) : (cause?.TraceParent, cause?.TraceState);

    private static ActivityContext ParentOf(Activity? present, MessageEnvelope? cause)
        => present is { IdFormat: ActivityIdFormat.W3C } ? present.Context
            : TraceContext.TryParse(cause?.TraceParent, cause?.TraceState, out var causes) ? causes : default;
}
