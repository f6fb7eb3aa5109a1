using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Testing.Faults;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>Recognises statements, by what they begin with and the table they name first.</summary>
internal sealed class Statements(TableNames names)
{
    private static readonly string[] Reading = ["SELECT", "PRAGMA", "EXPLAIN", "WITH"];

    public Operation Classify(string sql)
    {
        var reads = Reads(sql);
        if (sql.Contains(names.Outbox.Table, StringComparison.Ordinal))
        {
            return reads ? Operation.ReadOutbox : sql.StartsWith("DELETE", StringComparison.Ordinal) ? Operation.DeleteOutbox : Operation.WriteOutbox;
        }

        if (sql.Contains(names.Claim.Table, StringComparison.Ordinal))
        {
            return reads ? Operation.ReadClaims : sql.StartsWith("DELETE", StringComparison.Ordinal) ? Operation.PurgeClaims : Operation.Claim;
        }

        // They are instead of claims.
        if (sql.Contains(names.Stream.Table, StringComparison.Ordinal) || sql.Contains(names.StreamIds.Table, StringComparison.Ordinal))
        {
            return reads ? Operation.ReadClaims : Operation.Claim;
        }

        if (sql.Contains(names.Lease.Table, StringComparison.Ordinal))
        {
            return reads ? Operation.ReadLeases : Operation.WriteLeases;
        }

        if (sql.Contains(names.DeadLetter.Table, StringComparison.Ordinal))
        {
            return reads ? Operation.Read : Operation.WriteDeadLetter;
        }

        // Both tables are one: an instance and its history are written by the same command.
        if (sql.Contains(names.Saga.Table, StringComparison.Ordinal) || sql.Contains(names.SagaHistory.Table, StringComparison.Ordinal))
        {
            return reads ? Operation.ReadSaga : Operation.WriteSaga;
        }

        if (sql.Contains(names.Schedule.Table, StringComparison.Ordinal) || sql.Contains(names.Recurring.Table, StringComparison.Ordinal))
        {
            return reads ? Operation.ReadSchedule : Operation.WriteSchedule;
        }

        return reads ? Operation.Read : Operation.Write;
    }

    /// <summary>Whether it needs the write lock.</summary>
    public static bool Writes(Operation operation)
        => operation is not (Operation.ReadOutbox or Operation.ReadClaims or Operation.ReadLeases or Operation.ReadSaga or Operation.ReadSchedule or Operation.Read);

    private static bool Reads(string sql)
    {
        var text = sql.AsSpan().TrimStart();
        foreach (var verb in Reading)
        {
            if (text.StartsWith(verb, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
