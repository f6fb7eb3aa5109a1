using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Ordering;

namespace OrderFulfilment;

/// <summary><c>GET /</c>: how many orders there are in each status, and the latest ones. One file, nothing to load.</summary>
public static class OverviewPage
{
    private const int Latest = 50;

    public static void MapOverview(this IEndpointRouteBuilder routes) => routes.MapGet("/", ShowAsync);

    private static async Task<IResult> ShowAsync(FulfilmentDb db, CancellationToken cancellationToken)
    {
        var counts = await db.Orders.GroupBy(order => order.Status)
            .Select(group => new { Status = group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Status, group => group.Count, cancellationToken);
        var orders = await db.Orders.AsNoTracking().OrderByDescending(order => order.PlacedAt).Take(Latest).ToListAsync(cancellationToken);
        var waiting = await db.Set<OutboxRow>().CountAsync(cancellationToken);
        var dead = await db.Set<DeadLetterRow>().CountAsync(cancellationToken);
        return Results.Content(Render(counts, orders, waiting, dead), "text/html; charset=utf-8");
    }

    private static string Render(Dictionary<OrderStatus, int> counts, IReadOnlyList<Order> orders, int waiting, int dead)
    {
        var tiles = new StringBuilder();
        foreach (var status in Enum.GetValues<OrderStatus>())
        {
            tiles.Append(CultureInfo.InvariantCulture, $"""<div class="tile {status}"><b>{counts.GetValueOrDefault(status):N0}</b><span>{status}</span></div>""");
        }

        var rows = new StringBuilder();
        foreach (var order in orders)
        {
            rows.Append(CultureInfo.InvariantCulture, $"""
                <tr>
                  <td><a href="/orders/{order.Id}">{order.Id.ToString()[..8]}</a></td><td>{order.PlacedAt:HH:mm:ss}</td>
                  <td>{Encode(order.Customer)}</td><td>{order.Quantity} × {Encode(order.Product)}</td><td class="amount">{order.Amount:N2}</td>
                  <td><span class="status {order.Status}">{order.Status}</span> <small>{Encode(order.Reason)}</small></td>
                </tr>
                """);
        }

        var table = orders.Count == 0
            ? """<p class="empty">No orders yet. Place one with <code>POST /orders</code>.</p>"""
            : $"<table><tr><th>Order</th><th>Placed (UTC)</th><th>Customer</th><th>Goods</th><th class=\"amount\">Amount</th><th>Status</th></tr>{rows}</table>";
        return string.Create(CultureInfo.InvariantCulture, $$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
              <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="2">
              <title>Order fulfilment</title>
              <style>
                :root { color-scheme: light dark; --line: #8883; --soft: #8881; --ok: #2a9d5c; --no: #c2554d; --open: #3b7dd8; }
                body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
                h1 { font-size: 1.5rem; margin: 0; } p { color: #888; margin: .25rem 0 1.5rem; }
                .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: .75rem; margin-bottom: 1.5rem; }
                .tile { background: var(--soft); border-top: 3px solid var(--open); border-radius: 6px; padding: .6rem .8rem; }
                .tile b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; } .tile span { color: #888; }
                .tile.Completed { border-color: var(--ok); } .tile.Rejected, .tile.Declined, .tile.Cancelled { border-color: var(--no); }
                table { border-collapse: collapse; width: 100%; } th { text-align: left; color: #888; font-weight: 500; }
                th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); } .amount { text-align: right; font-variant-numeric: tabular-nums; }
                td:first-child { font-family: ui-monospace, monospace; } a { color: var(--open); } small { color: #888; }
                .status { color: var(--open); font-weight: 600; } .status.Completed { color: var(--ok); }
                .status.Rejected, .status.Declined, .status.Cancelled { color: var(--no); } .empty { padding: 2rem; text-align: center; background: var(--soft); border-radius: 6px; }
              </style>
            </head>
            <body>
              <h1>Order fulfilment</h1>
              <p>{{counts.Values.Sum():N0}} orders, {{waiting:N0}} messages on their way, {{dead:N0}} dead letters. Refreshed every two seconds.</p>
              <div class="tiles">{{tiles}}</div>
              {{table}}
            </body>
            </html>
            """);
    }

    private static string Encode(string? text) => HtmlEncoder.Default.Encode(text ?? "");
}
