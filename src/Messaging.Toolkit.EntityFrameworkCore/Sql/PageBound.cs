using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// Bounds a page by the bytes of its bodies, which no statement does: how large rows are is seen when they come. What is left out of a destination is the end of it, so that
/// nothing of a key is passed over, in whatever order a database returns the rows.
/// </summary>
internal sealed class PageBound(OutboxQuery query)
{
    private readonly Dictionary<string, (long Left, long Last)> pages = query.Destinations.ToDictionary(room => room.Destination, room => (room.Bytes, 0L), StringComparer.Ordinal);

    /// <summary>Whether the page of that destination has ended before that row.</summary>
    public bool Ends(string destination, long id) => pages.TryGetValue(destination, out var page) && page.Left <= 0 && id > page.Last;

    public void Took(OutboxRecord record)
    {
        ref var page = ref CollectionsMarshal.GetValueRefOrNullRef(pages, record.Destination);
        if (!Unsafe.IsNullRef(ref page))
        {
            page = (page.Left - record.Body.Length, Math.Max(page.Last, record.Id));
        }
    }
}
