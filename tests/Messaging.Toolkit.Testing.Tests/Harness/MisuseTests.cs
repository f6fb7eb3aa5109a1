using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Harness;

/// <summary>What cannot work in a harness says so, and says what to do.</summary>
public sealed class MisuseTests
{
    public static TheoryData<string, Func<IServiceProvider, Task>> Escapes => new()
    {
        { "Task.Run", async _ => await Task.Run(() => Thread.Sleep(5)) },
        { "the system's clock", async _ => await Task.Delay(5) },
        { "ConfigureAwait(false)", async _ => await Task.Delay(5).ConfigureAwait(false) },
        { "a context on another thread", async services => await Task.Run(() => services.GetRequiredService<KitchenDb>().Meals.ToListAsync()) },
        { "a timer on another thread", async services => await Task.Run(() => Task.Delay(TimeSpan.FromSeconds(1), services.GetRequiredService<TimeProvider>())) },
    };

    [Theory, MemberData(nameof(Escapes))]
    public void A_handler_that_leaves_the_thread_is_told_so(string what, Func<IServiceProvider, Task> recipe)
    {
        using var harness = Kitchen.Start(async (_, _, services) =>
        {
            await recipe(services);
            await services.GetRequiredService<KitchenDb>().Meals.ToListAsync();
        });
        Order(harness);

        var wait = () => harness.WaitUntilIdle(TimeSpan.FromDays(3000));

        wait.Should().Throw<InvalidOperationException>(what).WithMessage("*another thread*Task.Delay(delay, timeProvider)*");
    }

    [Fact]
    public void The_method_that_left_the_thread_is_named()
    {
        using var harness = Kitchen.Start();

        var call = () => harness.Run<KitchenDb>(SleepAsync);

        call.Should().Throw<InvalidOperationException>().WithMessage($"*{nameof(MisuseTests)}.{nameof(SleepAsync)} of node-1.1 went on on another thread*");
    }

    [Fact]
    public void A_handler_that_never_returns_is_named()
    {
        using var harness = Kitchen.Start((_, _, _) => new TaskCompletionSource().Task);
        Order(harness);

        var wait = () => harness.WaitUntilIdle();

        wait.Should().Throw<TimeoutException>().WithMessage("*(cook, key 1) at endpoint cook is being handled*Task.Delay(delay, timeProvider)*");
    }

    [Fact]
    public void A_call_that_never_ends_is_given_up()
    {
        using var harness = Kitchen.Start();

        var call = () => harness.Run<KitchenDb>(_ => new TaskCompletionSource().Task);

        call.Should().Throw<TimeoutException>().WithMessage("*does not come*");
    }

    [Fact]
    public void Messages_that_answer_each_other_for_ever_are_noticed()
    {
        using var harness = Kitchen.Start((message, context, _) =>
        {
            context.Send(message with { Dish = context.MessageId.ToString() });
            return Task.CompletedTask;
        });
        Order(harness);

        var wait = () => harness.WaitUntilIdle();

        wait.Should().Throw<InvalidOperationException>().WithMessage("*circle*cook*");
    }

    [Fact]
    public void A_handler_that_goes_round_without_waiting_is_noticed()
    {
        using var harness = Kitchen.Start(async (_, _, _) =>
        {
            while (true)
            {
                await Task.Yield();
            }
        });
        Order(harness);

        var wait = () => harness.WaitUntilIdle();

        wait.Should().Throw<InvalidOperationException>().WithMessage("*circle*without waiting*");
    }

    [Fact]
    public void The_harness_cannot_be_called_by_what_it_runs()
    {
        using var harness = Kitchen.Start();

        var call = () => harness.Run<KitchenDb>(_ =>
        {
            harness.WaitUntilIdle();
            return Task.CompletedTask;
        });

        call.Should().Throw<InvalidOperationException>().WithMessage("*call it from the test*");
    }

    [Fact]
    public void A_configuration_that_cannot_work_does_not_start()
    {
        var without = () => MessagingHarness.Start(_ => { });
        var tables = () => MessagingHarness.Start(services =>
        {
            services.AddDbContext<TablelessDb>(options => options.UseSqlite());
            services.AddMessaging(messaging => messaging.UseEntityFrameworkCore<TablelessDb>());
        });

        without.Should().Throw<InvalidOperationException>().WithMessage("*AddMessaging*");
        tables.Should().Throw<MessagingConfigurationException>().WithMessage("*AddMessaging()*");
    }

    [Fact]
    public void Names_that_there_are_not_are_refused()
    {
        using var harness = Kitchen.Start();

        var handled = () => harness.Handled<Cook>("baker");
        var published = () => harness.Published<string>();

        handled.Should().Throw<ArgumentException>().WithMessage("*baker*cook, waiter*");
        published.Should().Throw<MessagingException>().WithMessage("*not a registered message*");
    }

    [Fact]
    public void It_is_not_used_after_its_end()
    {
        var harness = Kitchen.Start();
        harness.Dispose();

        var call = () => harness.WaitUntilIdle();

        call.Should().Throw<ObjectDisposedException>();
    }

    private static async Task SleepAsync(KitchenDb db) => await Task.Delay(5);

    private static void Order(MessagingHarness harness) => harness.Run<KitchenDb>(async db =>
    {
        db.Send(new Cook(1, "soup"));
        await db.SaveChangesAsync();
    });

    private sealed class TablelessDb(DbContextOptions<TablelessDb> options) : DbContext(options);
}
