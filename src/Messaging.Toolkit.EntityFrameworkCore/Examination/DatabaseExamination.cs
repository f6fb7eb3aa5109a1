using System.Data.Common;
using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Inspection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Examination;

/// <summary>Looks at one database, over one connection that is open: each thing for itself, so that one that cannot be looked at hides none of the others.</summary>
internal sealed class DatabaseExamination(string store, DbContext context, SqlDialect sql, TimeProvider time, CancellationToken cancellationToken)
{
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongUnsent = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongTransaction = TimeSpan.FromMinutes(1);

    private readonly List<Finding> findings = [];

    public async Task<IReadOnlyList<Finding>> RunAsync()
    {
        var missing = false;
        foreach (var table in context.Model.GetEntityTypes().Where(entity => entity.ClrType.Assembly == typeof(OutboxRow).Assembly))
        {
            missing |= !await LookAsync($"table {table.GetTableName()}", () => ExamineTableAsync(table));
        }

        if (!missing)
        {
            findings.Add(Finding.Fine($"store {store}, tables", "all tables and columns are there."));
        }

        await LookAsync("clock", ExamineClockAsync);
        await LookAsync("pooler", ExaminePoolerAsync);
        await LookAsync("open transactions", ExamineTransactionsAsync);
        await LookAsync("outbox", ExamineOutboxAsync);
        await LookAsync("dead letters", ExamineDeadLettersAsync);
        return findings;
    }

    /// <summary>False if it could not be looked at.</summary>
    private async Task<bool> LookAsync(string what, Func<Task> look)
    {
        try
        {
            await look();
            return true;
        }
        catch (DbException exception)
        {
            // What a database says of a statement has the names in it, and no values: our statements have parameters.
            Add(FindingSeverity.Error, what, $"it cannot be looked at: {exception.Message.Trim()}", CureOf(exception));
            return false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The connection has broken under it, say: what was found before is found all the same.
            Add(FindingSeverity.Error, what, $"it cannot be looked at: {exception.GetType().Name}.", "Look again when the database answers.");
            return false;
        }
    }

    private string CureOf(DbException exception)
        => sql.IsPermissionDenied(exception) ? "Grant this application's user SELECT, INSERT, UPDATE and DELETE on the messaging tables, and the use of their sequences."
            : sql.IsTransient(exception) ? "Look again: this passes."
            : "Add a migration: modelBuilder.AddMessaging() says what tables there should be, and it may have changed since the last one.";

    private async Task ExamineTableAsync(IEntityType table)
    {
        var columns = table.GetProperties().Select(property => sql.Quote(property.GetColumnName()));
        await using (var read = context.CreateCommand($"SELECT {string.Join(", ", columns)} FROM {sql.Quote(table.GetTableName()!, table.GetSchema())} WHERE 1 = 0"))
        {
            await read.ExecuteScalarAsync(cancellationToken);
        }

        if (sql.IndexNames(context, table.GetTableName()!, table.GetSchema()) is not { } query)
        {
            return;
        }

        var there = (await ReadStringsAsync(query)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var index in table.GetIndexes().Select(index => index.GetDatabaseName()!).Where(index => !there.Contains(index)))
        {
            Add(FindingSeverity.Error, $"table {table.GetTableName()}", $"the index {index} is missing, or has another name.", "Add a migration, or create it: without it statements read the whole table.");
        }
    }

    private async Task ExamineClockAsync()
    {
        if (sql.NowExpression is null)
        {
            Fine("clock", "the database is embedded: it has this process's clock.");
            return;
        }

        var before = time.GetUtcNow();
        var theirs = await sql.ReadNowAsync(context, cancellationToken);
        var after = time.GetUtcNow();
        var skew = theirs < before.UtcDateTime ? theirs - before.UtcDateTime : theirs > after.UtcDateTime ? theirs - after.UtcDateTime : TimeSpan.Zero;
        if (skew.Duration() > MostSkew)
        {
            Add(FindingSeverity.Warning, "clock", string.Create(CultureInfo.InvariantCulture, $"the database's clock is {skew.Duration().TotalSeconds:0.#} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} this process's."),
                "Leases and schedules keep to the database's clock and are safe; the times of messages are this process's. Set the clocks, by NTP.");
        }
        else
        {
            Fine("clock", string.Create(CultureInfo.InvariantCulture, $"the database's clock and this process's agree to within {(skew.Duration() + (after - before)).TotalSeconds:0.###} s."));
        }
    }

    /// <summary>The process that the provider was told of when it connected is not the one that answers, if somebody in between shares connections.</summary>
    private async Task ExaminePoolerAsync()
    {
        if (sql.BackendProcess(context) is not { } query)
        {
            return;
        }

        await using (query)
        {
            var answering = Convert.ToInt64(await query.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
            if (sql.ConnectedProcess(query.Connection!) is { } connected && connected != answering)
            {
                Add(FindingSeverity.Warning, "pooler", "a connection pooler is between this application and its database.",
                    "That is safe: nothing here depends on a session. Transaction pooling needs prepared statements to be off, or a pooler that knows them (PgBouncer from 1.21).");
            }
            else
            {
                Fine("pooler", "the connection is a direct one.");
            }
        }
    }

    private async Task ExamineTransactionsAsync()
    {
        if (sql.OldestTransactionSeconds(context) is not { } query)
        {
            return;
        }

        await using (query)
        {
            var seconds = await query.ExecuteScalarAsync(cancellationToken) is { } value and not DBNull ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : 0;
            if (seconds > LongTransaction.TotalSeconds)
            {
                Add(FindingSeverity.Warning, "open transactions", string.Create(CultureInfo.InvariantCulture, $"the oldest one has been open for {seconds:0} s."),
                    "Until it ends nothing that was deleted since then can be cleaned up, and the outbox has to step over it. Find it in pg_stat_activity by xact_start; set idle_in_transaction_session_timeout.");
            }
            else
            {
                Fine("open transactions", string.Create(CultureInfo.InvariantCulture, $"the oldest one that this user may see has been open for {seconds:0} s."));
            }
        }
    }

    private async Task ExamineOutboxAsync()
    {
        if (await ReadTimeAsync(sql.ReadOldest(context)) is not { } oldest)
        {
            Fine("outbox", "nothing waits.");
            return;
        }

        var age = await sql.ReadNowAsync(context, cancellationToken) - oldest;
        if (age > LongUnsent)
        {
            Add(FindingSeverity.Warning, "outbox", string.Create(CultureInfo.InvariantCulture, $"the oldest message has waited for {age.TotalSeconds:0} s."),
                "See whether its destination works and a process with a relay runs (Outbox.RelayHere); what the relay waits for is in the log.");
        }
        else
        {
            Fine("outbox", string.Create(CultureInfo.InvariantCulture, $"the oldest message has waited for {Math.Max(0, age.TotalSeconds):0.#} s."));
        }
    }

    private async Task ExamineDeadLettersAsync()
    {
        await using var query = sql.DeadLetters.CountAll(context);
        var count = Convert.ToInt64(await query.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
        if (count > 0)
        {
            Add(FindingSeverity.Warning, "dead letters", $"there are {count}.", "Read them with IDeadLetters, mend what has killed them, and replay or discard them.");
        }
        else
        {
            Fine("dead letters", "there are none.");
        }
    }

    private async Task<DateTime?> ReadTimeAsync(DbCommand query)
    {
        await using (query)
        {
            return await query.ExecuteScalarAsync(cancellationToken) is { } value and not DBNull ? DbCommands.ToUtc(value) : null;
        }
    }

    private async Task<IReadOnlyList<string>> ReadStringsAsync(DbCommand query)
    {
        await using (query)
        {
            await using var reader = await query.ExecuteReaderAsync(cancellationToken);
            var all = new List<string>();
            while (await reader.ReadAsync(cancellationToken))
            {
                all.Add(reader.GetString(0));
            }

            return all;
        }
    }

    private void Fine(string what, string observation) => findings.Add(Finding.Fine($"store {store}, {what}", observation));

    private void Add(FindingSeverity severity, string what, string observation, string cure) => findings.Add(new Finding(severity, $"store {store}, {what}", observation, cure));
}
