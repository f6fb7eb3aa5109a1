using System.Collections.Concurrent;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Testing.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>Empty databases with the tables of the application's contexts, made once and copied for every world.</summary>
internal sealed class DatabaseTemplates(Action<IServiceCollection> configure) : IDisposable
{
    private readonly string folder = DatabaseFile.NewFolder();
    private readonly ConcurrentDictionary<Type, Lazy<TableNames>> templates = new();
    private int copies;

    /// <summary>A new copy's path, and the names of its tables.</summary>
    public (string Path, TableNames Names) Copy(Type contextType)
    {
        var names = templates.GetOrAdd(contextType, type => new Lazy<TableNames>(() => Create(type))).Value;
        var path = Path.Combine(folder, $"{Interlocked.Increment(ref copies)}.db");
        File.Copy(TemplatePath(contextType), path);
        return (path, names);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private TableNames Create(Type contextType)
    {
        var path = TemplatePath(contextType);
        var services = new ServiceCollection();
        configure(services);
        services.AddLogging();
        NodeOptions.UseSqlite(services, contextType, DatabaseFile.ConnectionString(path));
        TableNames names;
        using (var provider = services.BuildServiceProvider())
        using (var scope = provider.CreateScope())
        {
            var context = (DbContext)scope.ServiceProvider.GetRequiredService(contextType);
            context.GetService<IRelationalDatabaseCreator>().EnsureCreated();
            context.Model.GetRelationalModel();
            names = new TableNames(context);
        }

        DatabaseFile.Close(path);
        return names;
    }

    private string TemplatePath(Type contextType) => Path.Combine(folder, contextType.FullName + ".template");
}
