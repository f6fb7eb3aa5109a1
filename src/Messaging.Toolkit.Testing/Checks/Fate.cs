using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Testing.Checks;

/// <summary>What has become of one committed message at one endpoint.</summary>
/// <param name="endpoint">The endpoint that it is for.</param>
/// <param name="envelope">The message.</param>
/// <param name="key">Its key at the endpoint, if it has one.</param>
/// <param name="line">Those of its key that come to the endpoint by the same destination.</param>
/// <param name="place">Its place in the line.</param>
internal sealed class Fate(string endpoint, MessageEnvelope envelope, EndpointKey? key, KeyLine? line, int place)
{
    public string Endpoint => endpoint;

    public MessageEnvelope Envelope => envelope;

    public EndpointKey? Key => key;

    public KeyLine? Line => line;

    public int Place => place;

    /// <summary>How often its handlers were called.</summary>
    public int Runs { get; set; }

    /// <summary>How many handlers are at it now; those of a node that died are.</summary>
    public int Running { get; set; }

    /// <summary>By handler: how often its work was committed.</summary>
    public Dictionary<int, int> Effects { get; } = [];

    public bool IsDead { get; set; }

    /// <summary>It was a dead letter and is no more: it was replayed.</summary>
    public bool WasDead { get; set; }

    /// <summary>Its time was over before it took effect, and nobody handles it any more.</summary>
    public bool HasExpired { get; set; }

    /// <summary>Given up, it keeps its place before the later ones of its key.</summary>
    public bool HoldsPlace { get; init; }

    public bool HasStarted => Runs > 0 || IsDead || HasExpired;

    /// <summary>Whether it waits for a dead letter that holds its key.</summary>
    public bool IsHeld => HoldsPlace && key?.IsHeld == true;

    /// <summary>Whether the later ones of its key may take effect.</summary>
    public bool LetsPass => Effects.Count > 0 || HasExpired || ((IsDead || WasDead) && !HoldsPlace);

    public bool HasEnded => Effects.Count > 0 || IsDead || HasExpired;

    public override string ToString() => $"message {envelope.Id:N} ({envelope.Type}, key {envelope.Key ?? "-"}) at endpoint {endpoint}";
}
