using Messaging.Toolkit.Benchmarks.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>
/// Handles a message by EF, in a scope of its own: one SaveChanges writes that it was handled, and the invoice. A message that comes again violates the key of the former
/// and changes nothing. What it does not guarantee: order, retries and dead letters, for all of which see <see cref="HandWrittenQueue"/>; that code before SaveChanges does
/// not run again for a message that was handled; and the table of handled messages grows until somebody deletes from it.
/// </summary>
internal sealed class HandWrittenEfConsumer(HandWrittenShop shop)
{
    public async Task HandleAsync(Guid messageId, OrderPlaced order)
    {
        await using var scope = shop.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<HandWrittenDb>();
        db.Handled.Add(new HandledMessage { MessageId = messageId, HandledAt = DateTime.UtcNow });
        db.Invoices.Add(new Invoice { Customer = order.Customer, Number = order.Number });
        try
        {
            await db.SaveChangesAsync();
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // It was handled before.
        }
    }
}
