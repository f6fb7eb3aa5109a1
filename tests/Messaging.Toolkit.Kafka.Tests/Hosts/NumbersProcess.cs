using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>The application that counts in a process of its own. The program is this assembly itself.</summary>
internal static class NumbersProcess
{
    public static ChildProgram Start(NumbersApplication application)
        => ChildProgram.Start(application.Database, application.BootstrapServers, application.Prefix, (int)application.Slow.TotalMilliseconds, application.FailOneIn, application.Parks, application.OffsetsInDatabase);

    /// <summary>Leases short enough for processes that do not live long.</summary>
    public static void Configure(OutboxOptions outbox)
    {
        outbox.LeaseDuration = TimeSpan.FromSeconds(1.5);
        outbox.MaxPollInterval = TimeSpan.FromMilliseconds(200);
    }

    /// <summary>The program of the child.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var database, var servers, var prefix, var slow, var failOneIn, var parks, var offsetsInDatabase])
        {
            return 2;
        }

        using var host = new NumbersApplication(database, servers, prefix)
        {
            Outbox = Configure,
            Slow = TimeSpan.FromMilliseconds(int.Parse(slow, CultureInfo.InvariantCulture)),
            FailOneIn = int.Parse(failOneIn, CultureInfo.InvariantCulture),
            Parks = bool.Parse(parks),
            OffsetsInDatabase = bool.Parse(offsetsInDatabase),
        }.Build(new Warnings());
        await host.StartAsync();
        await ChildProgram.RunAsync();
        await host.StopAsync();
        return 0;
    }
}
