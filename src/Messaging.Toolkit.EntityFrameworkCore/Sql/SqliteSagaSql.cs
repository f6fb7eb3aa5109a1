namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>SQLite: whoever writes is alone, and needs no lock of a row.</summary>
internal sealed class SqliteSagaSql(SqlDialect dialect, TableNames names) : SagaSql(dialect, names)
{
    protected override bool JoinsHistory => true;

    protected override string Join(string write, string insertHistory) => $"{write}; {insertHistory} ON CONFLICT DO NOTHING";
}
