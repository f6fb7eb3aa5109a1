using Microsoft.EntityFrameworkCore;

namespace OrderFulfilment;

/// <summary>What can be chosen when the application is started: <c>--database</c>, <c>--transport</c>, and the connection strings.</summary>
public sealed record Settings(string Database, string ConnectionString)
{
    /// <exception cref="SettingsException">Something was chosen that there is not.</exception>
    public static Settings Read(IConfiguration configuration)
    {
        var transport = configuration["transport"] ?? "in-process";
        if (transport != "in-process")
        {
            throw new SettingsException($"--transport {transport}: there is only 'in-process' so far.");
        }

        var database = configuration["database"] ?? "sqlite";
        var connectionString = database switch
        {
            "sqlite" => configuration.GetConnectionString("Sqlite"),
            "postgres" => configuration.GetConnectionString("Postgres"),
            _ => throw new SettingsException($"--database {database}: choose 'sqlite' or 'postgres'."),
        };
        return string.IsNullOrWhiteSpace(connectionString)
            ? throw new SettingsException($"There is no connection string for {database}: set ConnectionStrings:{database} in appsettings.json or as --ConnectionStrings:{database}=...")
            : new Settings(database, connectionString);
    }

    public void Configure(DbContextOptionsBuilder options)
    {
        if (Database == "postgres")
        {
            options.UseNpgsql(ConnectionString);
        }
        else
        {
            options.UseSqlite(ConnectionString);
        }
    }
}
