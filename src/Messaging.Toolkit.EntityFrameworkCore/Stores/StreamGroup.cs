using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>Makes messages of one stream a transaction's, and finds out which of them are to be handled.</summary>
internal static class StreamGroup
{
    /// <summary>Moves the position behind the messages, or before the first that has to be parked, and notes what is not to be handled. Null if all are settled.</summary>
    public static async Task<StreamStep?> MoveAsync(
        DbContext context, SqlDialect sql, string endpoint, IReadOnlyList<(Delivery Delivery, int Index)> group, HandlingOutcome[] outcomes, CancellationToken cancellationToken)
    {
        foreach (var (_, index) in group.Where(each => each.Delivery.Place!.IsSettled))
        {
            outcomes[index] = HandlingOutcome.Duplicate;
        }

        var messages = group.Where(each => !each.Delivery.Place!.IsSettled).ToList();
        if (messages.Count == 0)
        {
            return null;
        }

        var transaction = context.Database.CurrentTransaction!.GetDbTransaction();
        var (first, last) = (messages[0].Delivery.Place!, messages[^1].Delivery.Place!);
        var position = first.Position;
        for (var i = 1; i < messages.Count; i++)
        {
            if (messages[i].Delivery.Place!.From != messages[i - 1].Delivery.Place!.To)
            {
                // Another one is missing between them, and must not be passed over.
                throw position.Lose();
            }
        }

        var until = await StreamSteps.MoveAsync(context, sql, transaction, position, first.From, last.To, cancellationToken);
        var settled = messages.Where(each => each.Delivery.Place!.To <= until).ToList();
        settled.ForEach(each => outcomes[each.Index] = HandlingOutcome.Duplicate);
        var to = await PassAsync(context, sql, endpoint, [.. messages.Skip(settled.Count)], outcomes, cancellationToken);
        if (to is { } earlier)
        {
            await StreamSteps.ShortenAsync(context, sql, transaction, position, last.To, earlier, cancellationToken);
        }

        return new StreamStep(position, to ?? last.To)
        {
            Moves = settled.Count < messages.Count && (to ?? last.To) != (until ?? first.From),
            Places = [.. messages.Where(each => outcomes[each.Index] is not (HandlingOutcome.Held or HandlingOutcome.Waits)).Select(each => each.Delivery.Place!)],
            Handled = KeyedIds(messages.Where(each => outcomes[each.Index] == HandlingOutcome.Handled)),
            Known = KeyedIds(settled),
        };
    }

    /// <summary>Goes through what is not settled, under the lock of the position. Returns where the first one is that has to be parked; null if there is none.</summary>
    private static async Task<long?> PassAsync(
        DbContext context, SqlDialect sql, string endpoint, List<(Delivery Delivery, int Index)> messages, HandlingOutcome[] outcomes, CancellationToken cancellationToken)
    {
        var keyed = messages.Where(each => each.Delivery.Envelope.Key is not null).Select(each => each.Delivery).ToList();
        if (keyed.Count == 0)
        {
            return null;
        }

        var position = keyed[0].Place!.Position;
        var parked = await sql.Parking.ReadParkedKeysAsync(context, endpoint, keyed.Select(delivery => delivery.Envelope.Key!).ToHashSet(StringComparer.Ordinal), cancellationToken);
        var claimed = position.ChecksClaims ? await sql.ReadClaimedAsync(context, endpoint, [.. keyed.Select(delivery => delivery.Envelope.Id)], cancellationToken) : [];
        long? end = null;
        foreach (var (delivery, index) in messages)
        {
            outcomes[index] = end is not null ? HandlingOutcome.Waits : Judge(delivery.Envelope, position.Remembers, claimed, parked);
            if (outcomes[index] == HandlingOutcome.Held)
            {
                end = delivery.Place!.From;
            }
        }

        return end;
    }

    private static HandlingOutcome Judge(MessageEnvelope message, Func<Guid, bool> isRemembered, HashSet<Guid> claimed, HashSet<string> parked)
        => message.Key is not { } key ? HandlingOutcome.Handled
            : isRemembered(message.Id) || claimed.Contains(message.Id) ? HandlingOutcome.Duplicate
            : parked.Contains(key) ? HandlingOutcome.Held
            : HandlingOutcome.Handled;

    private static List<Guid> KeyedIds(IEnumerable<(Delivery Delivery, int Index)> messages)
        => [.. messages.Where(each => each.Delivery.Envelope.Key is not null).Select(each => each.Delivery.Envelope.Id)];
}
