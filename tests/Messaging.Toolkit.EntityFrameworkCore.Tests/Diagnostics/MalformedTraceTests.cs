using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Diagnostics;

/// <summary>Something has written what is no trace context into a row: its message is handled as any other.</summary>
[Collection(Alone.Name)]
public sealed class MalformedTraceTests
{
    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-and-more-of-it")]
    [InlineData("|1.2.3.")]
    public async Task A_context_that_is_none_is_ignored_and_what_follows_has_a_good_one(string malformed)
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MessagingDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
            var row = await db.Set<OutboxRow>().SingleAsync();
            var headers = JsonNode.Parse(row.Headers)!;
            (headers["traceparent"], headers["tracestate"]) = (malformed, "vendor=1");
            row.Headers = headers.ToJsonString();
            await db.SaveChangesAsync();
        });

        await shop.StartAsync();
        await shop.HandledAsync(3);
        await shop.StopAsync();

        (await shop.DeadLettersAsync()).Should().BeEmpty();
        var processed = spans.Single(span => span.DisplayName == "process shop.order-placed");
        processed.Parent.Should().BeNull();
        (processed.ParentId, processed.IdFormat).Should().Be((null, ActivityIdFormat.W3C));
        spans.Single(span => span.DisplayName == "process billing").TraceId.Should().Be(processed.TraceId);
        spans.Where(span => span.Kind == ActivityKind.Client).SelectMany(span => span.Links).Select(link => link.Context.TraceId).Distinct().Should().Equal(processed.TraceId);
    }
}
