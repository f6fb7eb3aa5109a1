using System.Globalization;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Shop;

namespace Messaging.Toolkit.Benchmarks.Processes;

/// <summary>What a <see cref="ChildProcess"/> can be asked for.</summary>
internal static class ChildTasks
{
    /// <summary>Handles messages of a database, of which there are so many, and so many at once.</summary>
    public const string Work = "work";

    /// <summary>Says how many milliseconds it takes to start, with so many types of messages or with none.</summary>
    public const string StartUp = "start-up";

    public static async Task<int> RunAsync(string[] task)
    {
        await (task switch
        {
            [Work, var database, var messages, var concurrency] => WorkAsync(database, Number(messages), Number(concurrency)),
            [StartUp, var database, var withMessaging] => StartAsync(database, bool.Parse(withMessaging)),
            _ => throw new ArgumentException($"'{string.Join(' ', task)}' is nothing that a process of the benchmark does."),
        });
        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static async Task WorkAsync(string name, int messages, int concurrency)
    {
        await using var database = PostgresDatabase.Open(name);
        await using var shop = await ShopHost.CreateAsync<InvoiceHandler>(database, new Tally(messages), concurrency: concurrency);
        await shop.StartAsync();
        Console.WriteLine("started");
        await Console.In.ReadLineAsync();
        await shop.StopAsync();
    }

    private static async Task StartAsync(string name, bool withMessaging)
    {
        await using var database = PostgresDatabase.Open(name);
        var milliseconds = await LargeApplication.StartAsync(database, withMessaging);
        Console.WriteLine(milliseconds.ToString(CultureInfo.InvariantCulture));
    }
}
