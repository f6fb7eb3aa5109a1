using System.Reflection;

namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>Dependencies point inwards: the core knows no database and no broker, an adapter only its own.</summary>
public sealed class DependencyTests
{
    /// <summary>The builder of health checks is in no package of abstractions. The one that it is in needs nothing but those, and every web application has it.</summary>
    [Fact]
    public void The_core_depends_on_abstractions_and_nothing_else()
        => Foreign(Packages.Core).Should().BeSubsetOf([
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
            "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        ]);

    [Fact]
    public void The_store_on_EF_Core_depends_on_no_database()
        => Foreign(Packages.EntityFrameworkCore).Should().BeSubsetOf([
            "Messaging.Toolkit", "Microsoft.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.Abstractions", "Microsoft.EntityFrameworkCore.Relational",
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        ]);

    [Fact]
    public void The_transport_over_RabbitMQ_depends_on_its_client()
        => Foreign(Packages.RabbitMQ).Should().BeSubsetOf([
            "Messaging.Toolkit", "RabbitMQ.Client", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        ]);

    [Fact]
    public void The_transport_over_Kafka_depends_on_its_client()
        => Foreign(Packages.Kafka).Should().BeSubsetOf([
            "Messaging.Toolkit", "Confluent.Kafka", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        ]);

    /// <summary>It runs the toolkit's own store, on the one database that needs no server.</summary>
    [Fact]
    public void The_simulator_depends_on_the_store_and_on_SQLite()
        => Foreign(Packages.Testing).Should().BeSubsetOf([
            "Messaging.Toolkit", "Messaging.Toolkit.EntityFrameworkCore", "Microsoft.Data.Sqlite",
            "Microsoft.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.Abstractions", "Microsoft.EntityFrameworkCore.Relational", "Microsoft.EntityFrameworkCore.Sqlite",
            "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions",
            "Microsoft.Extensions.Logging", "Microsoft.Extensions.Logging.Abstractions",
        ]);

    [Fact]
    public void Every_package_has_its_rule()
        => Directory.GetDirectories(Path.Combine(Packages.Root, "src")).Select(Path.GetFileName).Should().BeEquivalentTo(
            [Packages.Core.GetName().Name, Packages.EntityFrameworkCore.GetName().Name, Packages.Kafka.GetName().Name, Packages.RabbitMQ.GetName().Name, Packages.Testing.GetName().Name], "a new package is added to the conventions");

    private static List<string> Foreign(Assembly assembly)
    {
        var names = assembly.GetReferencedAssemblies().Select(reference => reference.Name!).ToList();
        names.Should().Contain("System.Runtime", "otherwise nothing was read");
        return [.. names.Where(name => !name.StartsWith("System.", StringComparison.Ordinal))];
    }
}
