using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Tests.Endpoints;

/// <summary>Messages of one instance go through one after another in their order, and nobody waits inside.</summary>
public sealed class InstanceGateTests
{
    private static readonly Guid A = Guid.NewGuid();
    private static readonly Guid B = Guid.NewGuid();

    private readonly InstanceGate gate = new(TimeProvider.System);

    [Fact]
    public void Who_comes_while_another_has_the_instance_is_told_to_come_again_when_it_is_his_turn()
    {
        var (first, second, third) = (For(A), For(A), For(A));
        var pass = Enter(first);
        var (turn2, turn3) = (Refused(second), Refused(third));
        Refused(second).Should().BeSameAs(turn2, "he has a place already");
        turn2.IsCalled.Should().BeFalse();

        pass.Dispose();
        turn2.IsCalled.Should().BeTrue();
        turn3.IsCalled.Should().BeFalse();
        Refused(For(A)).IsCalled.Should().BeFalse("it is kept for the one whose turn it is");
        var next = Enter(second);
        next.Dispose();

        turn3.IsCalled.Should().BeTrue();
        Enter(third).Dispose();
    }

    [Fact]
    public void Who_has_waited_his_whole_time_takes_the_place_of_one_who_does_not_come()
    {
        var (gone, patient) = (For(A), For(A));
        var pass = Enter(For(A));
        Refused(gone);
        Refused(patient);
        pass.Dispose();

        using var taken = Enter(patient);
        var turn = Refused(gone);
        Refused(For(A));
        taken.Dispose();

        turn.IsCalled.Should().BeTrue("he is the first one again");
    }

    [Fact]
    public void Messages_of_one_instance_in_a_group_go_through_together_and_others_are_not_held_up()
    {
        using var other = Enter(For(B));
        using var pass = gate.Open();

        pass.Refuse(For(A, "a")).Should().BeNull();
        pass.Refuse(For(A, "a")).Should().BeNull();
        pass.Refuse(For(B, "b"))!.Value.Pause.Should().BePositive();
        pass.Refuse(For(Guid.NewGuid(), "b")).Should().Be(Verdict.Again(), "it must not go before the one of its key");
        pass.Refuse(For(Guid.NewGuid(), "c")).Should().BeNull();
    }

    [Fact]
    public void A_message_for_two_instances_takes_both_or_none()
    {
        var pass = Enter(For(B));
        var both = For(A);
        both.Instances = [A, B];

        var turn = Refused(both);
        Enter(For(A)).Dispose();
        pass.Dispose();

        turn.IsCalled.Should().BeTrue();
        using var through = Enter(both);
        Refused(For(A));
        Refused(For(B));
    }

    private InstanceGate.Pass Enter(Work work)
    {
        var pass = gate.Open();
        pass.Refuse(work).Should().BeNull();
        return pass;
    }

    private InstanceGate.Ticket Refused(Work work)
    {
        using var pass = gate.Open();
        pass.Refuse(work)!.Value.Turn.Should().BeSameAs(work.Ticket!.Turn);
        return work.Ticket;
    }

    private static Work For(Guid instance, string? key = null) => new(
        new Delivery(new MessageEnvelope { Id = Guid.NewGuid(), Type = "t", Source = "/s", Time = default, ContentType = "c", Key = key, ConversationId = default, Body = default }),
        null!) { Instances = [instance] };
}
