namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>A method that the broker answers by closing its channel.</summary>
internal sealed class AmqpErrorException(ushort code, string text) : Exception(text)
{
    public ushort Code => code;

    public static AmqpErrorException NotFound(string what) => new(404, $"NOT_FOUND - no {what} in vhost '/'");

    public static AmqpErrorException Locked(string what) => new(405, $"RESOURCE_LOCKED - cannot obtain exclusive access to locked {what} in vhost '/'");

    public static AmqpErrorException Inequivalent(string argument, string what)
        => new(406, $"PRECONDITION_FAILED - inequivalent arg '{argument}' for {what} in vhost '/'");

    public static AmqpErrorException UnknownTag(ulong tag) => new(406, $"PRECONDITION_FAILED - unknown delivery tag {tag}");

    /// <summary>What the broker says of itself when something in it has gone wrong.</summary>
    public static AmqpErrorException Internal() => new(541, "INTERNAL_ERROR - simulated");
}
