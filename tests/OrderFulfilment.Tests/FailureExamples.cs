using Messaging.Toolkit;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Endpoints;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/failures.md.</summary>
public sealed class FailureExamples
{
    [Fact]
    public void The_configuration_is_right()
    {
        var services = new ServiceCollection();

        services.AddMessaging(messaging =>
        {
            messaging.Stores.Add("store");
            messaging
                .Command<ChargeCard>(c => c.Named("billing.charge").To("billing"))
.Endpoint("billing", e => e
    .Handle<ChargeCard, ChargeCardHandler>()
    .OnFailure(f => f
        .RetryImmediately(3)                                                                     // at once, in the same worker
        .ThenAfter(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1))                              // parked in the database
        .ThenBackOff(first: TimeSpan.FromMinutes(5), longest: TimeSpan.FromHours(1), times: 8)    // and so on, doubling
        .ThenDeadLetter(KeyPolicy.HoldKey)                                                        // default: SkipMessage
        .On<CardServiceBusyException>(l => l.ThenBackOff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), 20))
        .Ignore<AlreadyChargedException>()
        .DeadLetterAtOnce<FormatException>()));
        });

        services.Should().NotBeEmpty();
    }

    private static async Task LookAfterAsync(IDeadLetters deadLetters, DateTimeOffset yesterday)
    {
        IReadOnlyList<DeadLetter> page = await deadLetters.QueryAsync(new() { Endpoint = "billing", Since = yesterday });
        await deadLetters.ReplayAsync(new() { Endpoint = "billing", ExceptionType = "System.TimeoutException" });
        await deadLetters.ReplayAsync(new() { MessageId = page[0].MessageId });
        await deadLetters.DiscardAsync(new() { Key = "order-42" }, reason: "the customer is gone");
    }

    private sealed record ChargeCard(Guid OrderId);

    private sealed class CardServiceBusyException : Exception;

    private sealed class AlreadyChargedException : Exception;

    private sealed class ChargeCardHandler : IHandle<ChargeCard>
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
