using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// An id below which no row of the outbox is and none will ever be seen, so that reading need not begin with the deleted rows that an old transaction keeps from being vacuumed.
/// That an id is drawn says nothing: its row can be seen later, or never. But whoever draws one has the table locked before, and until its row can be seen or never will be. So: look how
/// far ids are drawn, then who has the table locked. When none of those has it any more, all rows up to that id that will ever be seen can be, and the first row there is is the floor.
/// A transaction that has written to the outbox and stays open keeps the floor where it is; one that has not does not, however old.
/// </summary>
/// <param name="sql">Knows which failures pass.</param>
/// <param name="names">The outbox's.</param>
/// <param name="time">Measures reads, and how long a floor counts.</param>
/// <param name="slow">How long a read from the front takes that is worth it to look for a floor. A quick one asks nothing.</param>
internal sealed class OutboxFloor(SqlDialect sql, TableNames names, TimeProvider time, TimeSpan slow)
{
    public static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(20);

    /// <summary>How often is looked at most.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long is read from a floor and those that follow it, until once all is read: somebody may have set ids back, or inserted a row with an id of his own.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private OutboxStart? start;
    private OutboxLook? look;
    private long? lastLook;
    private long? lastSlow;
    private bool isRaising;
    private bool isOff;
    private int resets;

    /// <summary>Reads from where the floor is, or from the front if there is none, and may raise it before. Callers that read at the same time do not wait for each other.</summary>
    public async Task<T> ReadAsync<T>(DbContext context, Func<OutboxStart?, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            await RaiseAsync(context, cancellationToken);
            var (from, began) = (Current(), time.GetTimestamp());
            var rows = await read(from);
            NoteRead(from, time.GetElapsedTime(began));
            return rows;
        }
        catch
        {
            Reset();
            throw;
        }
    }

    private OutboxStart? Current() => Volatile.Read(ref start) is { } known && time.GetElapsedTime(known.Since) < Lifetime ? known : null;

    /// <summary>Only a read from the front tells whether a floor is needed, and a quick one, maybe of another destination, does not say that it is not.</summary>
    private void NoteRead(OutboxStart? from, TimeSpan taken)
    {
        if (from is null && taken >= slow)
        {
            lock (gate)
            {
                lastSlow = time.GetTimestamp();
            }
        }
    }

    /// <summary>What was found may not be true any more.</summary>
    private void Reset()
    {
        lock (gate)
        {
            (start, look, lastSlow) = (null, null, null);
            resets++;
        }
    }

    private async Task RaiseAsync(DbContext context, CancellationToken cancellationToken)
    {
        if (!TryBegin(out var turn))
        {
            return;
        }

        try
        {
            await RaiseAsync(context, turn, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidCastException || (exception is DbException && !sql.IsTransient(exception)))
        {
            // No right to look, or a server that is PostgreSQL only by its protocol. It will not be better the next time, and reading goes on without.
            TurnOff();
        }
        finally
        {
            lock (gate)
            {
                isRaising = false;
            }
        }
    }

    private async Task RaiseAsync(DbContext context, Turn turn, CancellationToken cancellationToken)
    {
        if (await OutboxLook.ReadAsync(context, names.Outbox, cancellationToken) is not { } now)
        {
            TurnOff();
            return;
        }

        var (known, before) = turn.Look is { } last && last.IsFollowedBy(now) ? (turn.Start, last) : (null, now);
        var settled = now.HasEndedBy(now) ? now : before.HasEndedBy(now) ? before : null;
        if (settled?.Drawn is not { } drawn)
        {
            Keep(turn, known, settled is null ? before : now);
            return;
        }

        var from = known?.Id ?? 0;
        var first = await ReadFirstAsync(context, now, from, cancellationToken);
        Keep(turn, first is null ? null : new OutboxStart(Math.Max(from, Math.Min(first.Value, drawn + 1)), now.Mark, now.Sequence, known?.Since ?? time.GetTimestamp()), now);
    }

    /// <summary>The first row there is, whose ever; all numbers if there is none; null if another server answers. By a command of its own, so that it sees what was committed before the locks were read.</summary>
    private async Task<long?> ReadFirstAsync(DbContext context, OutboxLook now, long from, CancellationToken cancellationToken)
    {
        var (table, id) = (names.Outbox.Table, names.Outbox.Id);
        await using var command = context.CreateCommand(
                $"SELECT CASE WHEN {OutboxLook.MarkOf("@sequence::oid")} = @mark THEN COALESCE((SELECT {id} FROM {table} WHERE {id} >= @from ORDER BY {id} LIMIT 1), {long.MaxValue}) END")
            .With("@sequence", now.Sequence).With("@mark", now.Mark).With("@from", from);
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    private bool IsWithin(long? timestamp, TimeSpan limit) => timestamp is { } known && time.GetElapsedTime(known) < limit;

    private bool TryBegin(out Turn turn)
    {
        lock (gate)
        {
            turn = new Turn(null, null, resets);
            if (isOff || isRaising || !IsWithin(lastSlow, Lifetime) || IsWithin(lastLook, Interval))
            {
                return false;
            }

            if (start is not null && Current() is null)
            {
                (start, look) = (null, null);
            }

            turn = new Turn(start, look, resets);
            (isRaising, lastLook) = (true, time.GetTimestamp());
            return true;
        }
    }

    private void Keep(Turn turn, OutboxStart? found, OutboxLook seen)
    {
        lock (gate)
        {
            if (turn.Resets == resets)
            {
                (start, look) = (found, seen);
            }
        }
    }

    private void TurnOff()
    {
        lock (gate)
        {
            (isOff, start, look) = (true, null, null);
        }
    }

    /// <summary>What was known when somebody began to raise it.</summary>
    private readonly record struct Turn(OutboxStart? Start, OutboxLook? Look, int Resets);
}
