using Microsoft.Data.Sqlite;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>Files of databases: in memory where the system has a folder for that, because there are thousands.</summary>
internal static class DatabaseFile
{
    private const string SharedMemory = "/dev/shm";

    public static string NewFolder()
    {
        var root = Directory.Exists(SharedMemory) ? SharedMemory : Path.GetTempPath();
        return Directory.CreateDirectory(Path.Combine(root, $"messaging-toolkit-{Environment.ProcessId}-{Path.GetRandomFileName()}")).FullName;
    }

    public static string ConnectionString(string path) => new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 1 }.ToString();

    /// <summary>Closes what the pool has kept open, and deletes the file.</summary>
    public static void Delete(string path)
    {
        Close(path);
        foreach (var file in (ReadOnlySpan<string>)[path, path + "-wal", path + "-shm"])
        {
            File.Delete(file);
        }
    }

    public static void Close(string path)
    {
        using var connection = new SqliteConnection(ConnectionString(path));
        SqliteConnection.ClearPool(connection);
    }
}
