using System.Text;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>A message as a client has published it.</summary>
internal sealed class Publication
{
    public Publication(string exchange, string routingKey, bool mandatory, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        Exchange = exchange;
        RoutingKey = routingKey;
        Mandatory = mandatory;
        Body = body.ToArray();

        // Texts in headers arrive as bytes.
        Properties = new BasicProperties(properties)
        {
            Headers = properties.Headers?.ToDictionary(header => header.Key, header => header.Value is string text ? Encoding.UTF8.GetBytes(text) : header.Value),
        };
    }

    public string Exchange { get; }

    public string RoutingKey { get; }

    public bool Mandatory { get; }

    public BasicProperties Properties { get; }

    public byte[] Body { get; }

    /// <summary>For the trace.</summary>
    public Guid? Id => Guid.TryParse(Properties.MessageId, out var id) ? id : null;
}
