using System.Collections.Concurrent;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Testing.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>Empty databases with the tables of the application's contexts, made once and copied for every world.</summary>
/// <param name="configure">Adds the application's services.</param>
/// <param name="given">What the databases hold.</param>
internal sealed class DatabaseTemplates(Action<IServiceCollection> configure, IReadOnlyList<Given> given) : IDisposable
{
    private readonly string folder = DatabaseFile.NewFolder();
    private readonly ConcurrentDictionary<(Type ContextType, bool IsNew), Lazy<TableNames>> templates = new();
    private int copies;

    /// <summary>A new copy's path, and the names of its tables.</summary>
    /// <param name="contextType">Whose tables.</param>
    /// <param name="isNew">Whether no process has used it before: the first ones are busy with making the leases.</param>
    public (string Path, TableNames Names) Copy(Type contextType, bool isNew)
    {
        var names = templates.GetOrAdd((contextType, isNew), template => new Lazy<TableNames>(() => Create(template.ContextType, template.IsNew))).Value;
        var path = Path.Combine(folder, $"{Interlocked.Increment(ref copies)}.db");
        File.Copy(TemplatePath(contextType, isNew), path);
        return (path, names);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private TableNames Create(Type contextType, bool isNew)
    {
        var path = TemplatePath(contextType, isNew);
        var services = new ServiceCollection();
        configure(services);
        services.AddLogging();
        NodeOptions.UseSqlite(services, contextType, DatabaseFile.ConnectionString(path));
        TableNames names;
        using (var provider = services.BuildServiceProvider())
        using (var scope = provider.CreateScope())
        {
            ThrowIfInvalid(provider);
            var context = (DbContext)scope.ServiceProvider.GetRequiredService(contextType);
            context.GetService<IRelationalDatabaseCreator>().EnsureCreated();
            context.Model.GetRelationalModel();
            names = new TableNames(context);
            foreach (var preparation in given.Where(preparation => preparation.Context == contextType))
            {
                // SQLite completes everything at once: nothing is waited for here.
                preparation.Prepare(context).GetAwaiter().GetResult();
            }

            if (!isNew)
            {
                CreateLeases(context, names);
            }
        }

        DatabaseFile.Close(path);
        return names;
    }

    private static void ThrowIfInvalid(IServiceProvider provider)
    {
        var errors = provider.GetRequiredService<StoreCollection>().All.SelectMany(store => store.Validate()).ToList();
        if (errors.Count > 0)
        {
            throw new MessagingConfigurationException(errors);
        }
    }

    private static void CreateLeases(DbContext context, TableNames names)
    {
        var sql = new SqliteDialect(names, TimeProvider.System);
        context.Database.OpenConnection();
        foreach (var create in sql.Leases.Create(context, "an earlier process", [.. Enumerable.Range(0, OutboxOptions.Buckets).Select(LeasePlan.BucketName), LeasePlan.Housekeeping], TimeSpan.Zero, DateTime.UnixEpoch))
        {
            using var command = create;
            command.ExecuteNonQuery();
        }
    }

    private string TemplatePath(Type contextType, bool isNew) => Path.Combine(folder, $"{contextType.FullName}.{(isNew ? "new" : "used")}.template");
}
