using Messaging.Toolkit;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Scheduling;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Adds the toolkit's tables to a DbContext.</summary>
public static class MessagingModelBuilderExtensions
{
    /// <summary>A transport's name, a topic of Kafka's, a number, and what is between them.</summary>
    private const int MaxStreamLength = 320;

    /// <summary>
    /// Adds the tables of outbox, claims, positions, leases, parked messages, dead letters, schedules and sagas to the model, so that they are part of the context's own
    /// migrations. Call it in <c>OnModelCreating</c>.
    /// </summary>
    /// <param name="modelBuilder">The builder of the context's model.</param>
    /// <param name="configure">Schema and prefix. Default: the context's schema, "messaging_".</param>
    /// <exception cref="MessagingException">A name has characters that are not letters, digits or '_'.</exception>
    public static ModelBuilder AddMessaging(this ModelBuilder modelBuilder, Action<MessagingTableOptions>? configure = null)
    {
        var options = new MessagingTableOptions();
        configure?.Invoke(options);
        options.Validate();

        modelBuilder.Entity<OutboxRow>(row =>
        {
            row.ToTable(options.TablePrefix + "outbox", options.Schema);
            row.HasKey(x => x.Id);
            row.Property(x => x.Id).HasColumnName("id").ValueGeneratedOnAdd();
            row.Property(x => x.MessageId).HasColumnName("message_id");
            row.Property(x => x.Destination).HasColumnName("destination").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Bucket).HasColumnName("bucket");
            row.Property(x => x.Key).HasColumnName("partition_key").HasMaxLength(MessageLimits.MaxKeyBytes);
            row.Property(x => x.Type).HasColumnName("type").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Headers).HasColumnName("headers");
            row.Property(x => x.Body).HasColumnName("body");
            row.Property(x => x.CreatedAt).HasColumnName("created_at");
            row.HasIndex(x => new { x.Destination, x.Id });
        });

        modelBuilder.Entity<ClaimRow>(row =>
        {
            row.ToTable(options.TablePrefix + "claim", options.Schema);
            row.HasKey(x => new { x.Endpoint, x.MessageId });
            row.Property(x => x.Endpoint).HasColumnName("endpoint").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.MessageId).HasColumnName("message_id");
            row.Property(x => x.ClaimedAt).HasColumnName("claimed_at");
            row.HasIndex(x => x.ClaimedAt);
        });

        modelBuilder.Entity<LeaseRow>(row =>
        {
            row.ToTable(options.TablePrefix + "lease", options.Schema);
            row.HasKey(x => x.Name);
            row.Property(x => x.Name).HasColumnName("name").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Owner).HasColumnName("owner").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Epoch).HasColumnName("epoch");
            row.Property(x => x.ExpiresAt).HasColumnName("expires_at");
        });

        modelBuilder.Entity<DeadLetterRow>(row =>
        {
            row.ToTable(options.TablePrefix + "dead_letter", options.Schema);
            row.HasKey(x => x.Id);
            row.Property(x => x.Id).HasColumnName("id").ValueGeneratedOnAdd();
            row.Property(x => x.Origin).HasColumnName("origin").HasConversion<string>().HasMaxLength(20);
            row.Property(x => x.Endpoint).HasColumnName("endpoint").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.MessageId).HasColumnName("message_id");
            row.Property(x => x.Type).HasColumnName("type");
            row.Property(x => x.Key).HasColumnName("partition_key");
            row.Property(x => x.Headers).HasColumnName("headers");
            row.Property(x => x.Body).HasColumnName("body");
            row.Property(x => x.Reason).HasColumnName("reason");
            row.Property(x => x.ExceptionType).HasColumnName("exception_type");
            row.Property(x => x.Failure).HasColumnName("failure");
            row.Property(x => x.Attempts).HasColumnName("attempts");
            row.Property(x => x.FirstFailedAt).HasColumnName("first_failed_at");
            row.Property(x => x.DeadAt).HasColumnName("dead_at");
            row.HasIndex(x => new { x.Endpoint, x.MessageId }).IsUnique();
            row.HasIndex(x => x.DeadAt);
        });

        modelBuilder.Entity<ParkedRow>(row =>
        {
            row.ToTable(options.TablePrefix + "parked", options.Schema);
            row.HasKey(x => x.Id);
            row.Property(x => x.Id).HasColumnName("id").ValueGeneratedOnAdd();
            row.Property(x => x.Endpoint).HasColumnName("endpoint").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.MessageId).HasColumnName("message_id");
            row.Property(x => x.Type).HasColumnName("type");
            row.Property(x => x.Key).HasColumnName("partition_key").HasMaxLength(MessageLimits.MaxKeyBytes);
            row.Property(x => x.Headers).HasColumnName("headers");
            row.Property(x => x.Body).HasColumnName("body");
            row.Property(x => x.Attempts).HasColumnName("attempts");
            row.Property(x => x.Delays).HasColumnName("delays");
            row.Property(x => x.FirstFailedAt).HasColumnName("first_failed_at");
            row.Property(x => x.DueAt).HasColumnName("due_at");
            row.HasIndex(x => new { x.Endpoint, x.Key, x.Id });
            row.HasIndex(x => new { x.Endpoint, x.MessageId });
            row.HasIndex(x => x.DueAt);
        });

        modelBuilder.Entity<ScheduleRow>(row =>
        {
            row.ToTable(options.TablePrefix + "schedule", options.Schema);
            row.HasKey(x => x.Id);
            row.Property(x => x.Id).HasColumnName("id").ValueGeneratedOnAdd();
            row.Property(x => x.ScheduleId).HasColumnName("schedule_id").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.DueAt).HasColumnName("due_at");
            row.Property(x => x.MessageId).HasColumnName("message_id");
            row.Property(x => x.Destination).HasColumnName("destination").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Bucket).HasColumnName("bucket");
            row.Property(x => x.Key).HasColumnName("partition_key").HasMaxLength(MessageLimits.MaxKeyBytes);
            row.Property(x => x.Type).HasColumnName("type").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Headers).HasColumnName("headers");
            row.Property(x => x.Body).HasColumnName("body");
            row.Property(x => x.CreatedAt).HasColumnName("created_at");
            row.HasIndex(x => new { x.DueAt, x.Id });
            row.HasIndex(x => x.ScheduleId);
        });

        modelBuilder.Entity<RecurringRow>(row =>
        {
            row.ToTable(options.TablePrefix + "recurring", options.Schema);
            row.HasKey(x => x.Name);
            row.Property(x => x.Name).HasColumnName("name").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Expression).HasColumnName("expression").HasMaxLength(RecurringBuilder.MaxStoredLength);
            row.Property(x => x.LastTick).HasColumnName("last_tick");
        });

        modelBuilder.Entity<StreamRow>(row =>
        {
            row.ToTable(options.TablePrefix + "stream", options.Schema);
            row.HasKey(x => new { x.Endpoint, x.Stream });
            row.Property(x => x.Endpoint).HasColumnName("endpoint").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Stream).HasColumnName("stream").HasMaxLength(MaxStreamLength);
            row.Property(x => x.Epoch).HasColumnName("epoch");
            row.Property(x => x.Next).HasColumnName("next_offset");
            row.Property(x => x.ClaimsUntil).HasColumnName("claims_until");
        });

        modelBuilder.Entity<StreamIdsRow>(row =>
        {
            row.ToTable(options.TablePrefix + "stream_ids", options.Schema);
            row.HasKey(x => x.Id);
            row.Property(x => x.Id).HasColumnName("id").ValueGeneratedOnAdd();
            row.Property(x => x.Endpoint).HasColumnName("endpoint").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Stream).HasColumnName("stream").HasMaxLength(MaxStreamLength);
            row.Property(x => x.Total).HasColumnName("total");
            row.Property(x => x.Ids).HasColumnName("ids");
            row.HasIndex(x => new { x.Endpoint, x.Stream, x.Total });
        });

        modelBuilder.Entity<SagaRow>(row =>
        {
            row.ToTable(options.TablePrefix + "saga", options.Schema);
            row.HasKey(x => x.Id);
            row.Property(x => x.Id).HasColumnName("id").ValueGeneratedNever();
            row.Property(x => x.Definition).HasColumnName("definition").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Endpoint).HasColumnName("endpoint").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Correlation).HasColumnName("correlation").HasMaxLength(MessageLimits.MaxKeyBytes);
            row.Property(x => x.Revision).HasColumnName("revision");
            row.Property(x => x.HistoryLength).HasColumnName("history_length");
            row.Property(x => x.Version).HasColumnName("version");
            row.Property(x => x.Shape).HasColumnName("shape").HasMaxLength(64);
            row.Property(x => x.Status).HasColumnName("status").HasConversion<string>().HasMaxLength(20);
            row.Property(x => x.Position).HasColumnName("position");
            row.Property(x => x.State).HasColumnName("state");
            row.Property(x => x.Progress).HasColumnName("progress");
            row.Property(x => x.Reason).HasColumnName("reason").HasMaxLength(StorableText.MaxReasonLength);
            row.Property(x => x.Failure).HasColumnName("failure").HasConversion<string>().HasMaxLength(20);
            row.Property(x => x.DueAt).HasColumnName("due_at");
            row.Property(x => x.CreatedAt).HasColumnName("created_at");
            row.Property(x => x.ChangedAt).HasColumnName("changed_at");

            // Not only the rows with a time: a filter is a text with the column's name, and the application may still give it another.
            row.HasIndex(x => x.DueAt);
            row.HasIndex(x => new { x.Definition, x.CreatedAt });
            row.HasIndex(x => x.ChangedAt);
        });

        modelBuilder.Entity<SagaHistoryRow>(row =>
        {
            row.ToTable(options.TablePrefix + "saga_history", options.Schema);
            row.HasKey(x => new { x.SagaId, x.Sequence });
            row.Property(x => x.SagaId).HasColumnName("saga_id");
            row.Property(x => x.Sequence).HasColumnName("sequence").ValueGeneratedNever();
            row.Property(x => x.At).HasColumnName("at");
            row.Property(x => x.Event).HasColumnName("event").HasConversion<string>().HasMaxLength(40);
            row.Property(x => x.Step).HasColumnName("step").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.MessageId).HasColumnName("message_id");
            row.Property(x => x.Failure).HasColumnName("failure").HasConversion<string>().HasMaxLength(20);
            row.Property(x => x.Detail).HasColumnName("detail").HasMaxLength(StorableText.MaxReasonLength);
        });

        modelBuilder.Entity<JournalRow>(row =>
        {
            row.ToTable(options.TablePrefix + "journal", options.Schema);
            row.HasKey(x => x.Id);
            row.Property(x => x.Id).HasColumnName("id").ValueGeneratedOnAdd();
            row.Property(x => x.ConversationId).HasColumnName("conversation_id");
            row.Property(x => x.HybridTime).HasColumnName("hybrid_time");
            row.Property(x => x.Event).HasColumnName("event").HasConversion<string>().HasMaxLength(20);
            row.Property(x => x.MessageId).HasColumnName("message_id");
            row.Property(x => x.CausationId).HasColumnName("causation_id");
            row.Property(x => x.CorrelationId).HasColumnName("correlation_id").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Type).HasColumnName("type").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Source).HasColumnName("source").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Service).HasColumnName("service").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.Endpoint).HasColumnName("endpoint").HasMaxLength(MessageLimits.MaxNameLength);
            row.Property(x => x.RecordedAt).HasColumnName("recorded_at");
            row.HasIndex(x => new { x.ConversationId, x.HybridTime });
            row.HasIndex(x => x.CorrelationId);
            row.HasIndex(x => x.RecordedAt);
        });

        return modelBuilder;
    }
}
