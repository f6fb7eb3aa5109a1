using RabbitMQ.Client;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>An exchange and what is bound to it.</summary>
internal sealed class AmqpExchange(string name, string type, bool durable)
{
    private readonly List<(AmqpQueue Queue, string Key)> bindings = [];

    public string Name => name;

    public string Type => type;

    public bool IsDurable => durable;

    public void Bind(AmqpQueue queue, string key)
    {
        if (!bindings.Contains((queue, key)))
        {
            bindings.Add((queue, key));
        }
    }

    public void Unbind(AmqpQueue queue, string key) => bindings.Remove((queue, key));

    public void Forget(AmqpQueue queue) => bindings.RemoveAll(binding => binding.Queue == queue);

    /// <summary>The queues that a message goes to, each once.</summary>
    public List<AmqpQueue> Route(string routingKey) => [.. bindings.Where(binding => Matches(binding.Key, routingKey)).Select(binding => binding.Queue).Distinct()];

    private bool Matches(string pattern, string routingKey) => type switch
    {
        ExchangeType.Fanout => true,
        ExchangeType.Direct => pattern == routingKey,
        ExchangeType.Topic => Matches(pattern.Split('.'), routingKey.Split('.')),
        _ => throw new NotSupportedException($"The model has no exchanges of type {type}."),
    };

    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> words) => pattern switch
    {
        [] => words.IsEmpty,
        ["#", .. var rest] => Matches(rest, words) || (!words.IsEmpty && Matches(pattern, words[1..])),
        [var first, .. var rest] => !words.IsEmpty && (first == "*" || first == words[0]) && Matches(rest, words[1..]),
    };
}
