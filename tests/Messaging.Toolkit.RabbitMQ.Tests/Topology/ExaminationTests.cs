using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;

namespace Messaging.Toolkit.RabbitMQ.Tests.Topology;

/// <summary>What is found when somebody asks what is wrong with the broker.</summary>
public sealed class ExaminationTests
{
    [Fact]
    public async Task A_queue_that_is_not_there_is_named()
    {
        await using var line = new Line();

        var missing = (await line.Transport.ExamineAsync(default)).Should().ContainSingle(finding => finding.Severity == FindingSeverity.Error).Subject;

        missing.Subject.Should().Contain(line.Queue);
        missing.Observation.Should().Be("it is not there.");
    }

    [Fact]
    public async Task A_quorum_queue_with_a_consumer_is_fine()
    {
        await using var line = new Line();
        await line.OpenReceiverAsync();

        (await line.Transport.ExamineAsync(default)).Should().OnlyContain(finding => finding.Severity == FindingSeverity.Fine).And.HaveCount(2);
    }

    [Fact]
    public async Task Messages_that_nobody_consumes_are_reported()
    {
        await using var line = new Line();
        await line.SendAsync(await line.OpenSenderAsync(), Line.Envelope());

        var waiting = (await line.Transport.ExamineAsync(default)).Should().ContainSingle(finding => finding.Severity == FindingSeverity.Warning).Subject;

        waiting.Observation.Should().Be("1 messages wait and nobody consumes them.");
        waiting.Cure.Should().Contain("'worker'");
    }

    [Fact]
    public async Task A_classic_queue_is_said_to_be_one()
    {
        await using var line = new Line(options => options.Queues.Type = QueueType.Classic);
        await line.OpenReceiverAsync();

        (await line.Transport.ExamineAsync(default)).Should().ContainSingle(finding => finding.Severity == FindingSeverity.Warning).Which.Cure.Should().Contain("lost with its node");
    }
}
