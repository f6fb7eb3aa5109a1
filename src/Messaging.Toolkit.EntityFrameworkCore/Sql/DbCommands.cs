using System.Collections.Frozen;
using System.Data;
using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// Commands on a context's own connection and transaction. They bypass EF's pipeline on purpose: polling must not fill
/// the application's log, and payloads must not get into it.
/// </summary>
internal static class DbCommands
{
    private static readonly FrozenDictionary<Type, DbType> NullTypes = new Dictionary<Type, DbType>
    {
        [typeof(string)] = DbType.String,
        [typeof(Guid?)] = DbType.Guid,
        [typeof(DateTime?)] = DbType.DateTime,
        [typeof(int?)] = DbType.Int32,
        [typeof(long?)] = DbType.Int64,
    }.ToFrozenDictionary();

    public static DbCommand CreateCommand(this DbContext context, string sql)
        => CreateCommand(context, context.Database.CurrentTransaction?.GetDbTransaction(), sql);

    public static DbCommand CreateCommand(this DbContext context, DbTransaction? transaction, string sql)
    {
        var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        if (context.Database.GetCommandTimeout() is { } seconds)
        {
            command.CommandTimeout = seconds;
        }

        return command;
    }

    /// <summary>Adds a parameter. One without a value has a type all the same: a statement is prepared for the types of its parameters, and is another one with others.</summary>
    public static DbCommand With<T>(this DbCommand command, string name, T value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        if (value is null && NullTypes.TryGetValue(typeof(T), out var type))
        {
            parameter.DbType = type;
        }

        parameter.Value = (object?)value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return command;
    }

    public static DbCommand WithIf<T>(this DbCommand command, bool condition, string name, T value) => condition ? command.With(name, value) : command;

    /// <summary>Adds values as parameters of a name and a number: those of <see cref="Parameters"/>.</summary>
    public static DbCommand WithAll<T>(this DbCommand command, string name, IReadOnlyCollection<T> values)
    {
        var i = 0;
        foreach (var value in values)
        {
            command.With($"{name}{i++}", value);
        }

        return command;
    }

    public static string Parameters(string name, int count) => string.Join(", ", Enumerable.Range(0, count).Select(i => $"{name}{i}"));

    public static string? GetStringOrNull(this DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>Databases without a type for it return a time without saying that it is UTC; some providers return local time, and say so.</summary>
    public static DateTime GetUtc(this DbDataReader reader, int column) => AsUtc(reader.GetDateTime(column));

    /// <summary>A time in whatever form the provider returns it.</summary>
    public static DateTime ToUtc(object? value)
        => value is DateTimeOffset time ? time.UtcDateTime : AsUtc(Convert.ToDateTime(value, CultureInfo.InvariantCulture));

    public static DateTime AsUtc(DateTime time)
        => time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
