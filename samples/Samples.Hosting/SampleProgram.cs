using Messaging.Toolkit;
using Microsoft.AspNetCore.Builder;

namespace Samples.Hosting;

/// <summary>The life of a sample as a program.</summary>
public static class SampleProgram
{
    /// <summary>Runs it until it is stopped. Returns the exit code: 2 if it was started with something that it cannot do.</summary>
    /// <param name="build">Makes the application.</param>
    /// <param name="createTables">Is called before it starts.</param>
    public static async Task<int> RunAsync(Func<WebApplication> build, Func<IServiceProvider, Task> createTables)
    {
        WebApplication app;
        try
        {
            app = build();
        }
        catch (Exception exception) when (exception is SettingsException or MessagingConfigurationException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }

        await createTables(app.Services);
        await app.RunAsync();
        return 0;
    }
}
