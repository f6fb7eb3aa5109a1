using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Demo.Proving;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Demo.Running;

/// <summary>How far the shop has come, by its database.</summary>
/// <param name="Orders">All orders.</param>
/// <param name="Completed">Those that were shipped.</param>
/// <param name="Rejected">Those that ended otherwise.</param>
/// <param name="Outbox">Messages that nobody has confirmed yet: no endpoint, or no broker.</param>
/// <param name="Handled">Messages that were handled.</param>
/// <param name="Awaited">Messages that must have been handled when all is done, as far as orders have ended. A broker has some that are in no outbox any more.</param>
internal sealed record Standing(int Orders, int Completed, int Rejected, int Outbox, int Handled, int Awaited)
{
    public static readonly Standing Nothing = new(0, 0, 0, 0, 0, 0);

    public int Ended => Completed + Rejected;

    public int Open => Orders - Ended;

    /// <summary>Nothing follows from these orders any more.</summary>
    public bool IsAtRest => Open == 0 && Outbox == 0 && Handled >= Awaited;

    public static async Task<Standing> ReadAsync(FulfilmentDb db)
    {
        var counts = await db.Orders.GroupBy(order => order.Status).Select(group => new { group.Key, Count = group.Count() }).ToDictionaryAsync(group => group.Key, group => group.Count);
        return new Standing(
            counts.Values.Sum(),
            counts.GetValueOrDefault(OrderStatus.Completed),
            counts.GetValueOrDefault(OrderStatus.Rejected) + counts.GetValueOrDefault(OrderStatus.Cancelled),
            await db.Set<OutboxRow>().CountAsync(),
            await db.History.CountAsync(),
            counts.Sum(status => Story.All.TryGetValue(status.Key, out var story) ? story.Count * status.Value : 0));
    }
}
