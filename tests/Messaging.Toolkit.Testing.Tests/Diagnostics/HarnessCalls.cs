using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Diagnostics;

internal static class HarnessCalls
{
    /// <summary>Runs a call with two services of one scope.</summary>
    public static void Run<TOne, TOther>(this MessagingHarness harness, Func<TOne, TOther, Task> call) where TOne : notnull where TOther : notnull
        => harness.Run<IServiceProvider>(services => call(services.GetRequiredService<TOne>(), services.GetRequiredService<TOther>()));
}
