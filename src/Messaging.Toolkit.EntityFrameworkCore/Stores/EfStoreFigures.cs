using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Stores;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>Counts what waits.</summary>
internal sealed class EfStoreFigures<TContext>(EfDatabase<TContext> database) where TContext : DbContext
{
    public Task<StoreFigures> ReadAsync(int countUpTo, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countUpTo, 1);
        return database.RunAsync(async (context, sql) =>
        {
            await using var command = sql.Figures.Read(context, countUpTo);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            var now = DbCommands.ToUtc(reader.GetValue(0));
            return new StoreFigures
            {
                OutboxPending = Convert.ToInt64(reader.GetValue(1), CultureInfo.InvariantCulture),
                OutboxOldestAge = Since(2),
                Parked = Convert.ToInt64(reader.GetValue(3), CultureInfo.InvariantCulture),
                DeadLetters = Convert.ToInt64(reader.GetValue(4), CultureInfo.InvariantCulture),
                ScheduleLag = Since(5),
            };

            // What is still to come, or was written by a clock that was ahead, is not late.
            TimeSpan Since(int column) => !reader.IsDBNull(column) && now - DbCommands.ToUtc(reader.GetValue(column)) is var age && age > TimeSpan.Zero ? age : TimeSpan.Zero;
        }, cancellationToken);
    }
}
