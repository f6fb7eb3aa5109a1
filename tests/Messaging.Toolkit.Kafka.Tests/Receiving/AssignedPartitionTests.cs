using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Receiving;
using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.Kafka.Tests.Receiving;

/// <summary>A partition whose position the database has.</summary>
public sealed class AssignedPartitionTests
{
    private readonly StreamPosition position = new("counter", "kafka/numbers/3", new StreamState(Epoch: 1, Next: 100, Total: 0, Ids: [], ChecksClaims: false), memory: 0);

    [Fact]
    public void What_goes_to_somebody_else_is_begun_no_more_and_when_it_is_gone_it_is_lost()
    {
        var partition = Assigned(position);

        partition.Leave();
        (position.IsLeaving, position.IsLost).Should().Be((true, false), "what has been begun may be finished");

        partition.Release();
        position.IsLost.Should().BeTrue();
    }

    [Fact]
    public void The_first_message_is_below_the_position_if_the_log_has_become_shorter()
    {
        Assigned(position).BeginsBelow(100).Should().BeFalse();
        Assigned(position).BeginsBelow(103).Should().BeFalse("what was deleted by age is no trouble");
        Assigned(null).BeginsBelow(0).Should().BeFalse();

        var shorter = Assigned(position);
        shorter.BeginsBelow(99).Should().BeTrue();
        shorter.BeginsBelow(100).Should().BeFalse("it is said once");
    }

    [Theory]
    [InlineData(1_000, 200)]
    [InlineData(83, 83)]
    [InlineData(0, 1)]
    public void So_many_are_handed_out_that_one_that_waits_leaves_room_for_the_others(int fair, int most)
    {
        Assigned(position).ShareOf(usual: 500, fair).Should().Be(most);
        Assigned(null).ShareOf(usual: 500, fair).Should().Be(500);
    }

    [Theory]
    [InlineData("kafka/numbers/3", true)]
    [InlineData("kafka/eu/numbers/3", false)]
    [InlineData("kafka-eu/numbers/3", false)]
    public void Streams_of_a_transport_are_known_by_their_names(string stream, bool isOf) => PartitionTaker.IsOf("kafka", stream).Should().Be(isOf);

    private static AssignedPartition Assigned(StreamPosition? position) => new(new TopicPartition("numbers", 3), room: 10, maxAhead: 10, position);
}
