using System.Data.Common;
using System.Globalization;

namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>Statements that prepare what is measured.</summary>
internal static class DbConnectionExtensions
{
    /// <summary>Runs a statement, however long it takes: millions of rows are written by one.</summary>
    public static async Task ExecuteAsync(this DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads one number.</summary>
    public static async Task<long> CountAsync(this DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
