using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Simulations;

public sealed record Deposited(string Account, int Amount);

public sealed class Account
{
    public required string Id { get; init; }

    public int Balance { get; set; }
}

public sealed class Bank(DbContextOptions<Bank> options) : DbContext(options)
{
    public DbSet<Account> Accounts => Set<Account>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

public sealed class Deposit(Bank bank) : IHandle<Deposited>
{
    public async Task HandleAsync(Deposited message, MessageContext context, CancellationToken cancellationToken)
    {
        var account = await bank.Accounts.FindAsync([message.Account], cancellationToken) ?? bank.Accounts.Add(new Account { Id = message.Account }).Entity;
        account.Balance += message.Amount;
    }
}

/// <summary>Goes to the thread pool, where no seed decides anything.</summary>
public sealed class OnTheThreadPool : IHandle<Deposited>
{
    public async Task HandleAsync(Deposited message, MessageContext context, CancellationToken cancellationToken) => await Task.Run(() => Thread.Sleep(20), cancellationToken);
}

/// <summary>Applications with a mistake of their own.</summary>
internal static class BrokenApplications
{
    public static Simulation With<THandler>() where THandler : class, IHandle<Deposited> => Simulation.Of(services =>
    {
        services.AddDbContext<Bank>(options => options.UseSqlite("Data Source=bank.db"));
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<Bank>()
            .Event<Deposited>(e => e.Named("deposited").KeyedBy(m => m.Account))
            .Endpoint("accounts", e => e.Handle<Deposited, THandler>()));
    });

    /// <summary>A client that does not know whether it was done, and does it again.</summary>
    public static Simulation ThatRepeatsItself { get; } = With<Deposit>()
        .Workload(clients: 3, async client =>
        {
            while (!(await DepositAsync(client)).HasSucceeded)
            {
                await client.DelayAsync(TimeSpan.FromSeconds(1));
            }
        })
        .Finally<Bank>("everybody has deposited once", async bank => await bank.Accounts.SumAsync(account => account.Balance) == 30);

    public static Simulation OnTheThreadPool { get; } = With<OnTheThreadPool>().Workload(clients: 1, DepositAsync);

    private static Task<CallResult> DepositAsync(SimulationClient client) => client.CallAsync<Bank>(async bank =>
    {
        bank.Publish(new Deposited($"account-{client.Number}", 10));
        await bank.SaveChangesAsync();
    });
}
