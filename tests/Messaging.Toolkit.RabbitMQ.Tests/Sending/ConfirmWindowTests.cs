using Messaging.Toolkit.RabbitMQ.Sending;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.RabbitMQ.Topology;

namespace Messaging.Toolkit.RabbitMQ.Tests.Sending;

public sealed class ConfirmWindowTests
{
    private readonly ConfirmWindow window = new();
    private readonly List<SentMessage> removed = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_the_broker_answers_each_message_is_removed_once(int seed)
    {
        var random = new Random(seed);
        var published = new List<SentMessage>();
        var left = new HashSet<SentMessage>();
        for (var step = 0; step < 5_000; step++)
        {
            // More is published than answered, for a time: the ring grows, and is passed many times.
            for (var i = random.Next(step % 1_000 < 500 ? 5 : 2); i > 0; i--)
            {
                window.Add(Publish(published, left));
            }

            var number = random.Next(published.Count + 2);
            var isMultiple = random.Next(10) == 0;
            var expected = published.Take(number).Skip(isMultiple ? 0 : Math.Max(0, number - 1)).Where(left.Contains).ToList();

            removed.Clear();
            window.Remove((ulong)number, isMultiple, removed);

            if (number > published.Count)
            {
                removed.Should().BeEmpty("nothing of that number was published");
                continue;
            }

            removed.Should().Equal(expected);
            left.ExceptWith(removed);
            window.Oldest.Should().BeSameAs(published.Find(left.Contains));
        }
    }

    [Fact]
    public void One_that_has_come_back_is_found_by_its_id_once()
    {
        var message = Publish([], []);
        window.Add(message);
        window.Find(Guid.NewGuid()).Should().BeNull();
        window.Find(message.Message.Envelope.Id).Should().BeSameAs(message);

        message.HasComeBack = true;
        window.Find(message.Message.Envelope.Id).Should().BeNull();
    }

    private static SentMessage Publish(List<SentMessage> published, HashSet<SentMessage> left)
    {
        var message = new SentMessage(new(published.Count, "rabbitmq", Line.Envelope()), new Route("", "", IsEvent: true, IsKnown: true));
        published.Add(message);
        left.Add(message);
        return message;
    }
}
