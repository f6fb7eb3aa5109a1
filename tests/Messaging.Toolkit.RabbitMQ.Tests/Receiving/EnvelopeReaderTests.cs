using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Receiving;
using Messaging.Toolkit.Runtime;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Receiving;

public sealed class EnvelopeReaderTests
{
    /// <summary>Without a broker: one of version 3.10 closes the connection of whoever sends it a NaN, as its language has none.</summary>
    [Fact]
    public void Headers_that_JSON_cannot_write_are_read_all_the_same()
    {
        object deep = "x";
        for (var i = 0; i < 200; i++)
        {
            deep = new List<object?> { deep };
        }

        var reader = new EnvelopeReader("worker", mapForeign: null, new MessageIds(TimeProvider.System, new EntropySource()), TimeProvider.System, NullLogger.Instance);
        var envelope = reader.Read("", "worker", new BasicProperties
        {
            Headers = new Dictionary<string, object?> { ["nan"] = new List<object?> { double.NaN, float.NegativeInfinity }, ["deep"] = deep },
        }, ReadOnlyMemory<byte>.Empty);

        envelope.Headers["nan"].Should().Be("""["NaN","-Infinity"]""");
        envelope.Headers["deep"].Should().Be($"{new string('[', 32)}\"...\"{new string(']', 32)}");
    }
}
