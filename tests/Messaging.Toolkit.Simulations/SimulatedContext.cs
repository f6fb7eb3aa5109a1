using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Messaging.Toolkit.Simulations;

/// <summary>The options of the applications' contexts.</summary>
internal static class SimulatedContext
{
    public static void Configure(DbContextOptionsBuilder options) => options
        .UseSqlite("Data Source=nowhere.db") // The simulation has its own.

        // EF Core keeps its services for each set of options and refuses the twenty-first. A process that is given one planted bug after another
        // has as many: to it, the toolkit is another one each time.
        .ConfigureWarnings(warnings => warnings.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
}
