using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>The instance, its history, the claim of the message, what handlers write and what they send are one commit.</summary>
public sealed class CommitTests
{
    [Theory, EachDatabase]
    public async Task If_the_commit_fails_nothing_of_it_is_there_and_the_next_attempt_leaves_everything_once(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var fault = new CommitFault();
        var seen = new List<string>();
        await using var shop = await ShopHost.StartAsync(database, m => Configure(m, async context =>
        {
            // From another connection: what is there before each attempt.
            await using var outside = new ShopDb(database.Options<ShopDb>());
            seen.Add(await CountAsync(outside, context.MessageId));
            fault.Next(seen.Count <= 2 ? CommitFault.Kind.Lost : CommitFault.Kind.None); // Not by the attempt: a commit that fails is none.
        }), options: options => options.AddInterceptors(fault));

        await shop.PublishAsync(new ParcelSent("p1"));
        await shop.HandledAsync(1);
        await shop.QuietAsync();

        seen.Should().Equal(Enumerable.Repeat("sagas 0, history 0, claims 0, effects 0", 3), "two attempts failed and left nothing");
        var parcel = (await shop.RowsAsync()).Should().ContainSingle().Subject;
        parcel.Revision.Should().Be(1);
        (await shop.HistoryAsync(parcel.Id)).Select(entry => entry.Event).Should().Equal(SagaEvent.Started, SagaEvent.TimeoutScheduled, SagaEvent.StateEntered);
        (await shop.EffectsAsync()).Select(effect => effect.Handler).Should().BeEquivalentTo(["sent", "announced"]);
        shop.Handled.Calls.Should().ContainSingle("what it has published came once");
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task If_only_the_reply_to_the_commit_is_lost_the_message_is_a_duplicate_and_the_instance_has_one_revision()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var fault = new CommitFault();
        await using var shop = await ShopHost.StartAsync(
            database, m => Configure(m, _ =>
            {
                fault.Next(CommitFault.Kind.ReplyLost);
                return Task.CompletedTask;
            }), options: options => options.AddInterceptors(fault));

        await shop.PublishAsync(new ParcelSent("p1"));
        await shop.HandledAsync(1);
        await shop.QuietAsync();

        (await shop.RowsAsync()).Should().ContainSingle().Which.Revision.Should().Be(1);
        (await shop.EffectsAsync()).Select(effect => effect.Handler).Should().BeEquivalentTo(["sent", "announced"]);
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    private static void Configure(MessagingBuilder messaging, Func<MessageContext, Task> before)
    {
        SagaHosts.BeQuick(messaging);
        messaging.Services.AddSingleton(before);
        messaging
            .Event<ParcelSent>(e => e.Named("parcel-sent"))
            .Event<ParcelAnnounced>(e => e.Named("parcel-announced"))
            .Endpoint("parcels", e => e.Process<Parcel>())
            .Endpoint("customers", e => e.Handle<ParcelAnnounced, AnnouncedHandler>());
    }

    private static async Task<string> CountAsync(ShopDb db, Guid messageId)
        => $"sagas {await db.Set<SagaRow>().CountAsync()}, history {await db.Set<SagaHistoryRow>().CountAsync()}, " +
           $"claims {await db.Set<ClaimRow>().CountAsync(claim => claim.MessageId == messageId)}, effects {await db.Effects.CountAsync()}";
}

internal sealed record ParcelSent(string Parcel);

internal sealed record ParcelAnnounced(string Parcel);

internal sealed record ParcelOverdue(string Parcel);

internal sealed class ParcelState
{
    public string Parcel { get; set; } = "";
}

internal sealed class Parcel : ProcessManager<ParcelState>
{
    protected override void Define(IProcessBuilder<ParcelState> process) => process
        .Named("shop.parcel")
        .Initially(p => p
            .When<ParcelSent>(m => m.Parcel)
            .ThenAsync<Func<MessageContext, Task>>((before, _, _, context, _) => before(context))
            .ThenAsync<ShopDb>((db, state, m, context, _) =>
            {
                state.Parcel = m.Parcel;
                db.Effects.Add(new Effect { Handler = "sent", MessageId = context.MessageId, Key = m.Parcel });
                context.Publish(new ParcelAnnounced(m.Parcel));
                return Task.CompletedTask;
            })
            .Schedule("overdue", TimeSpan.FromDays(1), state => new ParcelOverdue(state.Parcel))
            .GoTo("sent"))
        .During("sent", p => p.WhenTimeout<ParcelOverdue>().Complete());
}

internal sealed class AnnouncedHandler(ShopDb db, Handled handled) : IHandle<ParcelAnnounced>
{
    public Task HandleAsync(ParcelAnnounced message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = "announced", MessageId = context.MessageId, Key = message.Parcel });
        handled.Add("announced", context.Key, 0);
        return Task.CompletedTask;
    }
}
