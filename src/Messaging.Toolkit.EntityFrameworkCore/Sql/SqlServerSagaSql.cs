namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>SQL Server, which locks a row by a hint.</summary>
internal sealed class SqlServerSagaSql(SqlDialect dialect, TableNames names) : SagaSql(dialect, names)
{
    protected override string LockHint => " WITH (UPDLOCK)";

    protected override bool JoinsHistory => true;

    protected override string Join(string write, string insertHistory) => $"{write}; IF @@ROWCOUNT = 1 {insertHistory}";
}
