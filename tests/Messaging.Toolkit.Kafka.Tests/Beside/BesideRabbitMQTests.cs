using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Sagas;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Kafka.Tests.Beside;

/// <summary>Kafka, another Kafka and RabbitMQ in one application: what goes from one to the other keeps everything that is promised of one.</summary>
public sealed class BesideRabbitMQTests
{
    private const int Messages = 1_000;
    private const int Keys = 50;

    [Fact]
    public async Task A_thousand_messages_of_fifty_keys_keep_their_order_from_Kafka_to_RabbitMQ_and_back_though_handlers_fail()
    {
        await using var host = await BookingsHost.StartAsync();

        await host.WantAsync(Messages, Keys);

        foreach (var endpoint in new[] { "starts", "books", "ends", "audits" })
        {
            var entries = await host.HandledAsync(endpoint, Messages);
            entries.Should().HaveCount(Messages, "each has its effect once");
            foreach (var ofKey in entries.GroupBy(entry => entry.Key))
            {
                ofKey.Select(entry => entry.Number).Should().BeInAscendingOrder("{0} is in order at '{1}'", ofKey.Key, endpoint).And.HaveCount(Messages / Keys);
            }
        }

        (await host.DeadLettersAsync()).Should().Be(0);
        var health = await host.HealthAsync();
        health.Status.Should().Be(HealthStatus.Healthy);
        health.Data.Keys.Should().Contain(
        [
            "outbox of BookingsDb to kafka", "outbox of BookingsDb to audit", "outbox of BookingsDb to rabbitmq",
            "endpoint starts from kafka", "endpoint books from rabbitmq", "endpoint audits from audit",
        ]);
    }

    [Fact]
    public async Task While_Kafka_is_down_RabbitMQ_and_the_other_cluster_work()
    {
        await using var host = await BookingsHost.StartAsync();
        await host.WantAsync(Keys, Keys);
        await host.HandledAsync("ends", Keys);

        host.TakeKafkaDown();
        await host.BookAsync(Messages);
        await host.HandledAsync("books", Keys + Messages);
        await host.HandledAsync("audits", Keys + Messages);
        (await host.WaitingAsync("booked")).Should().BeGreaterThanOrEqualTo(Messages);
        await Eventually.IsAsync(async () => (await host.HealthAsync()).Description!.Contains("outbox of BookingsDb to kafka:"));
        (await host.HealthAsync()).Data.Should().Contain("outbox of BookingsDb to rabbitmq", "It works.").And.Contain("outbox of BookingsDb to audit", "It works.");

        host.BringKafkaUp();
        (await host.HandledAsync("ends", Keys + Messages)).Should().HaveCount(Keys + Messages);
    }

    [Fact]
    public async Task While_RabbitMQ_is_down_Kafka_works()
    {
        await using var host = await BookingsHost.StartAsync(withRabbitMQ: false);

        await host.WantAsync(Messages, Keys);
        await host.HandledAsync("starts", Messages);
        (await host.WaitingAsync("book")).Should().Be(Messages);
        (await host.HealthAsync()).Description.Should().Contain("outbox of BookingsDb to rabbitmq: It fails with IOException").And.Contain("endpoint books from rabbitmq: It fails with IOException")
            .And.NotContain("kafka").And.NotContain("audit");

        host.IsRabbitMQDown = false;
        foreach (var ofKey in (await host.HandledAsync("ends", Messages)).GroupBy(entry => entry.Key))
        {
            ofKey.Select(entry => entry.Number).Should().BeInAscendingOrder().And.HaveCount(Messages / Keys);
        }
    }

    [Fact]
    public async Task A_command_over_RabbitMQ_is_answered_over_Kafka_where_its_saga_is()
    {
        await using var host = await BookingsHost.StartAsync();

        var outcome = await host.WithAsync<ISagas, SagaOutcome<Inquiry>>(sagas => sagas.RunAsync<InquirySaga, Inquiry>(new Inquiry("key"), TimeSpan.FromMinutes(1)));

        outcome.IsCompleted.Should().BeTrue();
        outcome.State!.IsAnswered.Should().BeTrue();
        (await host.HandledAsync("books", 1)).Should().ContainSingle();
    }
}
