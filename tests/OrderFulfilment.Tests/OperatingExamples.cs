using Messaging.Toolkit.Inspection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/operating.md.</summary>
internal static class OperatingExamples
{
    internal static void Map(WebApplication app)
    {
        app.MapGet("/diagnosis", async (IMessagingInspector messaging, CancellationToken cancel) => Results.Text((await messaging.DiagnoseAsync(cancel)).ToString()));
    }
}
