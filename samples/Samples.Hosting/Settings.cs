using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

namespace Samples.Hosting;

/// <summary>What can be chosen when any of the applications is started: <c>--database</c>, <c>--transport</c>, <c>--endpoints</c>, <c>--prefix</c>, and the connection strings.</summary>
public sealed record Settings(string Database, string ConnectionString)
{
    /// <summary>What messages go over; null if they stay in this process.</summary>
    public Broker? Broker { get; init; }

    /// <summary>The endpoints that run in this process.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <param name="configuration">The application's.</param>
    /// <param name="all">The endpoints that it has.</param>
    /// <exception cref="SettingsException">Something was chosen that there is not.</exception>
    public static Settings Read(IConfiguration configuration, IReadOnlyList<string> all)
    {
        var broker = Broker.Read(configuration);
        var endpoints = ReadEndpoints(configuration["endpoints"], all);
        if (broker is null && endpoints.Count < all.Count)
        {
            throw new SettingsException($"--endpoints {string.Join(',', endpoints)}: nothing brings messages to the others of another process. Add --transport rabbitmq or kafka, or leave it out.");
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
            : new Settings(database, connectionString) { Broker = broker, Endpoints = endpoints };
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

    private static IReadOnlyList<string> ReadEndpoints(string? text, IReadOnlyList<string> all)
    {
        if (text is null)
        {
            return all;
        }

        var chosen = text.Split(',', StringSplitOptions.TrimEntries).Distinct().ToList();
        return chosen.Find(name => !all.Contains(name)) is { } unknown
            ? throw new SettingsException($"--endpoints {text}: there is no '{unknown}'. Choose any of {string.Join(',', all)}.")
            : chosen;
    }
}
