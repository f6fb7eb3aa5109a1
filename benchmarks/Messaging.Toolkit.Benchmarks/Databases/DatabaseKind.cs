namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>A database that the benchmarks can run on.</summary>
internal enum DatabaseKind
{
    Postgres,
    Sqlite,
}
