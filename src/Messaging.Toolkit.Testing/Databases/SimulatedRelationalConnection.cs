#pragma warning disable EF1001 // EF's connection to SQLite is internal. It is derived from, because it makes connections and prepares them.
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>Gives a context a simulated connection, prepared like any of EF's.</summary>
internal sealed class SimulatedRelationalConnection(
    RelationalConnectionDependencies dependencies, IRawSqlCommandBuilder rawSql, IDiagnosticsLogger<DbLoggerCategory.Infrastructure> logger)
    : SqliteRelationalConnection(dependencies, rawSql, logger)
{
    protected override DbConnection CreateDbConnection()
    {
        var extension = Dependencies.ContextOptions.FindExtension<SimulationExtension>()!;
        return new SimulatedConnection((SqliteConnection)base.CreateDbConnection(), extension.Database, extension.Life);
    }
}
