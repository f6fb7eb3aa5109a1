using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>What was done. Nothing in it is unique, on purpose: what happened twice is two rows.</summary>
internal sealed class SagasDb(DbContextOptions<SagasDb> options) : DbContext(options)
{
    public DbSet<Deed> Deeds => Set<Deed>();

    public DbSet<OpenReply> OpenReplies => Set<OpenReply>();

    public DbSet<Outcome> Outcomes => Set<Outcome>();

    public DbSet<PublishedEvent> Published => Set<PublishedEvent>();

    public DbSet<Happening> Happenings => Set<Happening>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

/// <summary>Something was done for a trip: by a service, by an activity, or by who has started it.</summary>
internal sealed class Deed
{
    public const string Started = "started";

    public const string Prompted = "prompted";

    public long Id { get; init; }

    public required string Trip { get; init; }

    public required string What { get; init; }

    /// <summary>The message that it was done for.</summary>
    public Guid? Message { get; init; }
}

/// <summary>The reply that a service owes.</summary>
internal sealed class OpenReply
{
    public long Id { get; init; }

    public required string Trip { get; init; }

    public required string Step { get; init; }

    public required string Endpoint { get; init; }

    public required string Request { get; init; }

    public string? Key { get; init; }

    public bool Acknowledge { get; init; }

    public ReplyAddress ToAddress() => new(Endpoint, Request, Key, Acknowledge);
}

/// <summary>What somebody who waited for a saga was told.</summary>
internal sealed class Outcome
{
    public long Id { get; init; }

    public required Guid Saga { get; init; }

    public required SagaStatus Status { get; init; }
}

/// <summary>An event of a parcel, in the transaction that published it.</summary>
internal sealed class PublishedEvent
{
    public long Id { get; init; }

    public required string Parcel { get; init; }

    public required string What { get; init; }

    public string? Shelf { get; init; }
}

/// <summary>An event or a timeout of a parcel, in the transaction that handled it.</summary>
internal sealed class Happening
{
    public long Id { get; init; }

    public required string Parcel { get; init; }

    public required string What { get; init; }
}
