namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>PostgreSQL: a lock is not waited for without end. Whoever has it may be frozen.</summary>
internal sealed class PostgreSqlStreamSql(SqlDialect dialect, TableNames names) : StreamSql(dialect, names)
{
    /// <summary>Whoever had the stream before may be in the middle of a handler. Its successor waits for some seconds: less than its own bound, so that it says why.</summary>
    private const int TakingTimeoutMilliseconds = 2500;

    protected override string LimitWait(string statements) => PostgreSqlDialect.LimitWait(statements);

    protected override string LimitLongWait(string statements) => PostgreSqlDialect.LimitWait(statements, TakingTimeoutMilliseconds);
}
