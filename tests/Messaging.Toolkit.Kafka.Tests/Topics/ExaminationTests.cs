using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Kafka.Tests.Cluster;

namespace Messaging.Toolkit.Kafka.Tests.Topics;

/// <summary>What is found when somebody asks what is wrong with the cluster.</summary>
public sealed class ExaminationTests
{
    [Fact]
    public async Task A_cluster_that_answers_and_its_topics_are_fine()
    {
        await using var line = await Line.OpenAsync();

        var findings = await line.NewTransport().ExamineAsync(default);

        findings.Should().OnlyContain(finding => finding.Severity == FindingSeverity.Fine).And.HaveCountGreaterThan(1);
    }

    [Fact]
    public async Task One_that_does_not_is_said_so()
    {
        await using var line = await Line.OpenAsync();
        line.Options.BootstrapServers = "127.0.0.1:1";

        await line.NewTransport().Invoking(transport => transport.ExamineAsync(default)).Should().ThrowAsync<MessagingException>().WithMessage("No connection to Kafka at 127.0.0.1:1: *");
    }
}
