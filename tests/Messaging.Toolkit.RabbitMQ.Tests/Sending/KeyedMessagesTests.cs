using Messaging.Toolkit.RabbitMQ.Sending;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.RabbitMQ.Topology;

namespace Messaging.Toolkit.RabbitMQ.Tests.Sending;

public sealed class KeyedMessagesTests
{
    private readonly KeyedMessages keys = new(perKey: 2);

    [Fact]
    public void So_many_of_a_key_may_be_unconfirmed_and_the_next_follow_in_order()
    {
        var messages = Enumerable.Range(1, 4).Select(_ => Message()).ToList();

        messages.Select(keys.Add).Should().Equal(Admission.Publish, Admission.Publish, Admission.Wait, Admission.Wait);
        keys.Complete(messages[0]).Should().BeSameAs(messages[2]);
        keys.Complete(messages[1]).Should().BeSameAs(messages[3]);
        keys.Complete(messages[2]).Should().BeNull();
    }

    [Fact]
    public void Those_of_other_keys_and_of_none_wait_for_nobody()
    {
        for (var i = 0; i < 5; i++)
        {
            keys.Add(Message());
            keys.Add(Message(key: null)).Should().Be(Admission.Publish);
        }

        keys.Add(Message("other")).Should().Be(Admission.Publish);
    }

    [Fact]
    public void What_is_given_back_takes_its_followers_with_it_until_its_key_resumes()
    {
        var messages = Enumerable.Range(1, 4).Select(_ => Message()).ToList();
        messages.ForEach(message => keys.Add(message));

        keys.GiveBack(messages[0]).Should().Equal(messages[2], messages[3]);
        keys.Add(Message()).Should().Be(Admission.GiveBack);
        keys.Add(Message("other")).Should().Be(Admission.Publish);
        keys.GiveBack(messages[1]).Should().BeEmpty();

        keys.Add(Message(resumesKey: true)).Should().Be(Admission.Publish);
        keys.Add(Message()).Should().Be(Admission.Publish);
        keys.Add(Message()).Should().Be(Admission.Wait);
    }

    private static SentMessage Message(string? key = "k", bool resumesKey = false)
        => new(new(0, "rabbitmq", Line.Envelope(key: key), resumesKey), new Route("", "", IsEvent: true, IsKnown: true));
}
