using FluentAssertions;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Messaging.Toolkit.Testing.Tests.Sagas;

/// <summary>A compensation that ends with a reply ends with that, whoever sends it, and not when its command is handled.</summary>
public sealed class AnsweredCompensationTests
{
    [Theory]
    [InlineData(true, SagaStatus.Compensated)]
    [InlineData(false, SagaStatus.Compensating)]
    public void When_the_reply_comes_Should_have_undone_the_step(bool replies, SagaStatus expected)
    {
        using var harness = MessagingHarness.Start(services =>
        {
            services.AddDbContext<TripsDb>(options => options.UseSqlite("Data Source=nowhere/trips.db"));
            services.AddSingleton(new Answering(replies));
            services.AddMessaging(messaging => messaging
                .UseEntityFrameworkCore<TripsDb>()
                .Command<Open>(c => c.Named("open").To("door"))
                .Command<Shut>(c => c.Named("shut").To("door"))
                .Event<Opened>(e => e.Named("opened"))
                .Event<IsShut>(e => e.Named("is-shut"))
                .Event<Stays>(e => e.Named("stays"))
                .Endpoint("door", e => e.Handle<Open, Door>().Handle<Shut, Door>())
                .Endpoint("sagas", e => e.Saga<DoorSaga>()));
        });

        var outcome = harness.Run<ISagas, SagaOutcome<Visit>>(sagas => sagas.RunAsync<DoorSaga, Visit>(new Visit(), TimeSpan.FromSeconds(10)));

        harness.Run<ISagas, SagaView?>(sagas => sagas.FindAsync(outcome.Id))!.Status.Should().Be(expected);
    }

    private sealed class Visit;

    private sealed class DoorSaga : Saga<Visit>
    {
        protected override void Define(ISagaBuilder<Visit> saga) => saga
            .Named("door")
            .Step("open", s => s.Send(_ => new Open()).Succeeds<Opened>().Compensate<Shut, IsShut>(_ => new Shut()))
            .Step("enter", s => s.Send(_ => new Open()).Succeeds<Stays>().Fails<Opened>(_ => "somebody is in"));
    }

    private sealed record Open;

    private sealed record Shut;

    private sealed record Opened;

    private sealed record IsShut;

    private sealed record Stays;

    private sealed record Answering(bool Replies);

    private sealed class Door(Answering answering) : IHandle<Open>, IHandle<Shut>
    {
        public Task HandleAsync(Open message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Reply(new Opened());
            return Task.CompletedTask;
        }

        public Task HandleAsync(Shut message, MessageContext context, CancellationToken cancellationToken)
        {
            if (answering.Replies)
            {
                context.Reply(new IsShut());
            }

            return Task.CompletedTask;
        }
    }
}
