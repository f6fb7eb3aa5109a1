using System.Collections.Frozen;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Diagnostics.Tracing;

/// <summary>
/// What spans and metrics call the place that a message is for, whichever transport brings it: the endpoint if it is for one alone, and the event's name if it is for
/// whoever subscribes.
/// </summary>
internal sealed class Addresses(MessagingModel model)
{
    /// <summary>Stands on metrics for all that this application does not know by name: what others write into a message must not make series without end.</summary>
    public const string Other = "_OTHER";

    private readonly FrozenSet<string> known = model.Registry.Types.Select(type => type.Endpoint ?? type.Name)
        .Concat(model.Endpoints.Select(endpoint => endpoint.Name)).ToFrozenSet(StringComparer.Ordinal);

    public string Of(MessageEnvelope envelope) => envelope.Recipient ?? model.Registry.Find(envelope.Type)?.Endpoint ?? envelope.Type;

    public string OnMetrics(MessageEnvelope envelope) => Of(envelope) is var address && known.Contains(address) ? address : Other;
}
