namespace Messaging.Toolkit.Messages;

/// <summary>
/// Where the reply to a message goes. It travels with the message and is plain data: who cannot answer at once keeps it and answers later.
/// </summary>
/// <param name="Endpoint">The endpoint that waits for the reply.</param>
/// <param name="Request">What the endpoint knows its request by. Nobody else has to understand it.</param>
/// <param name="Key">The ordering key of the reply.</param>
/// <param name="Acknowledge">Whether no more is wanted than to hear that the message was handled: if its handlers do not reply the toolkit does, and what they reply is told as that.</param>
public sealed record ReplyAddress(string Endpoint, string Request, string? Key = null, bool Acknowledge = false)
{
    /// <summary>
    /// The transport that the reply goes over if the endpoint is another application's: its name in this application, where the request came by it.
    /// Null where there is only one transport.
    /// </summary>
    public string? Via { get; init; }

    /// <summary>The address in the attributes of a message, or null: half of one, or one that nobody can have, leads nowhere.</summary>
    internal static ReplyAddress? Of(string? endpoint, string? request, string? key, string? acknowledge, string? via)
    {
        if (endpoint is null || request is null)
        {
            return null;
        }

        var address = new ReplyAddress(endpoint, request, key, string.Equals(acknowledge, "true", StringComparison.OrdinalIgnoreCase)) { Via = Names.Refuse(via) is null ? via : null };
        return address.Refuse() is null ? address : null;
    }

    /// <summary>Says what is wrong with it, or null.</summary>
    internal string? Refuse()
        => Names.Refuse(Endpoint) is { } reason ? $"the endpoint to reply to cannot be one: {reason}"
            : RefuseRequest(Request) ?? (Key is null ? null : MessageKeys.Refuse(Key));

    /// <summary>Says what is wrong with the name of a request, or null.</summary>
    internal static string? RefuseRequest(string? request) => request switch
    {
        null or "" => "the request to reply to is empty",
        { Length: > MessageLimits.MaxNameLength } => $"the request to reply to has {request.Length} characters, the limit is {MessageLimits.MaxNameLength}",
        _ when !UnicodeText.IsValid(request) || request.Contains('\0') => "the request to reply to is not valid Unicode, or contains a null character",
        _ => null,
    };
}
