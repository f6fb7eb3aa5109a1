using System.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>The application that counts, and what becomes of it.</summary>
internal sealed class NumbersHost : IAsyncDisposable
{
    private const int PerTransaction = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, int> numbers = [];
    private readonly Warnings warnings = new();
    private readonly NumbersApplication application;
    private readonly IHost host;
    private bool isGuest;

    private NumbersHost(NumbersApplication application)
    {
        this.application = application;
        host = application.Build(warnings);
    }

    public NumbersApplication Application => application;

    /// <summary>The last things that it has warned of.</summary>
    public string Warnings => warnings.ToString();

    private int Counted => numbers.Values.Sum();

    public static async Task<NumbersHost> StartAsync(MockCluster? mock = null, int failOneIn = 0)
        => await StartAsync(await NumbersApplication.NewAsync(mock) with { FailOneIn = failOneIn });

    public static async Task<NumbersHost> StartAsync(NumbersApplication application)
    {
        var numbers = new NumbersHost(application);
        await numbers.InScopeAsync(async (db, _) => await db.Database.EnsureCreatedAsync());
        await numbers.host.StartAsync();
        return numbers;
    }

    /// <summary>Another process of an application whose database is there already, and stays when this one ends.</summary>
    public static async Task<NumbersHost> JoinAsync(NumbersApplication application)
    {
        var numbers = new NumbersHost(application) { isGuest = true };
        await numbers.host.StartAsync();
        return numbers;
    }

    /// <summary>Counts on for that many messages, in turn over so many keys and both types, many in a transaction.</summary>
    public async Task CountAsync(int messages, int keys)
    {
        for (var done = 0; done < messages; done += PerTransaction)
        {
            await InScopeAsync(async (db, bus) =>
            {
                for (var i = done; i < Math.Min(messages, done + PerTransaction); i++)
                {
                    var key = $"key-{i % keys}";
                    var number = numbers[key] = numbers.GetValueOrDefault(key) + 1;
                    if (number % 2 == 0)
                    {
                        bus.Publish(new Counted(key, number));
                    }
                    else
                    {
                        bus.Send(new Count(key, number));
                    }
                }

                await db.SaveChangesAsync();
            });
        }
    }

    /// <summary>How many numbers are on their way.</summary>
    public async Task<int> OpenAsync() => Counted - await QueryAsync(db => db.Effects.CountAsync());

    /// <summary>Waits until all that was counted has been handled, and checks that it was once and in order.</summary>
    public async Task ShouldBeCompleteAsync()
    {
        var expected = Counted;
        var watch = Stopwatch.StartNew();
        while (await QueryAsync(db => db.Effects.CountAsync()) is var count && count < expected)
        {
            watch.Elapsed.Should().BeLessThan(Patience, "{0} of {1} were handled, {2} are in the outbox and {3} in the dead letters; the last warnings were\n{4}\n",
                count, expected, await QueryAsync(db => db.Set<OutboxRow>().CountAsync()), await QueryAsync(db => db.Set<DeadLetterRow>().CountAsync()), warnings);
            await Task.Delay(100);
        }

        var effects = await QueryAsync(db => db.Effects.AsNoTracking().OrderBy(effect => effect.Id).ToListAsync());
        foreach (var ofKey in effects.GroupBy(effect => effect.Key))
        {
            ofKey.Select(effect => effect.Number).Should().Equal(Enumerable.Range(1, numbers[ofKey.Key]), "so they were counted for {0}", ofKey.Key);
        }

        (await QueryAsync(db => db.Set<DeadLetterRow>().CountAsync())).Should().Be(0);
    }

    /// <summary>Waits until all that was counted is in Kafka.</summary>
    public Task OutboxShouldBeEmptyAsync() => Eventually.IsAsync(async () => !await QueryAsync(db => db.Set<OutboxRow>().AnyAsync()));

    public async Task<HealthReportEntry> HealthAsync() => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["messaging"];

    public async Task<T> QueryAsync<T>(Func<NumbersDb, Task<T>> query)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<NumbersDb>());
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await host.StopAsync(patience.Token);
        if (!isGuest)
        {
            await InScopeAsync(async (db, _) => await db.Database.EnsureDeletedAsync());
        }

        host.Dispose();
    }

    private async Task InScopeAsync(Func<NumbersDb, IMessageBus, Task> work)
    {
        await using var scope = host.Services.CreateAsyncScope();
        await work(scope.ServiceProvider.GetRequiredService<NumbersDb>(), scope.ServiceProvider.GetRequiredService<IMessageBus>());
    }
}
