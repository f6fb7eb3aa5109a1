namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;

/// <summary>The databases that every test of the storage runs on.</summary>
public enum DatabaseKind
{
    Sqlite,
    PostgreSql,
}
