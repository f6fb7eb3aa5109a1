namespace Messaging.Toolkit.Benchmarks;

/// <summary>What the messages of a scenario travel over, as it is asked for and reported.</summary>
internal static class TransportNames
{
    public const string InProcess = "in-process";
    public const string RabbitMQ = "rabbitmq";
    public const string Kafka = "kafka";

    public static readonly IReadOnlyList<string> All = [InProcess, RabbitMQ, Kafka];
}
