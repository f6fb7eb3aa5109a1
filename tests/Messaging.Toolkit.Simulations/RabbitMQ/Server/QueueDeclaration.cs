using System.Globalization;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>How a queue was declared.</summary>
internal sealed record QueueDeclaration(bool Durable, bool Exclusive, bool AutoDelete, IReadOnlyDictionary<string, object?> Arguments)
{
    public bool IsQuorum => Text("x-queue-type") == "quorum";

    public bool IsSingleActive => Text("x-single-active-consumer") == "True";

    /// <summary>From how many messages on it refuses more; null if it never does.</summary>
    public int? RefusesFrom => Text("x-overflow") == "reject-publish" && Text("x-max-length") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>What is different in another declaration, or null.</summary>
    public string? DifferenceTo(QueueDeclaration other)
        => Durable != other.Durable ? "durable"
            : Exclusive != other.Exclusive ? "exclusive"
            : AutoDelete != other.AutoDelete ? "auto_delete"
            : Arguments.Keys.Union(other.Arguments.Keys).FirstOrDefault(name => Text(name) != other.Text(name));

    private string? Text(string argument) => Convert.ToString(Arguments.GetValueOrDefault(argument), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;
}
