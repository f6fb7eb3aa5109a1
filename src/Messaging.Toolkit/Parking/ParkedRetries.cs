using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Parking;

/// <summary>
/// Brings parked messages whose time has come to their endpoints, one statement for all endpoints of a store. Several processes may do so
/// at once: each message is taken by one of them.
/// </summary>
/// <param name="store">Where they are parked.</param>
/// <param name="endpoints">The endpoints of this process that park there.</param>
/// <param name="interval">How often it is looked, if nothing happens here.</param>
/// <param name="alarm">Says when it is worth looking before that.</param>
/// <param name="state">Is told that the store answers: a round may last as long as nothing happens.</param>
/// <param name="time">Measures the moment that it has when it is told to stop.</param>
/// <param name="logger">Is told of what cannot be read.</param>
internal sealed class ParkedRetries(
    IMessageStore store, IReadOnlyList<EndpointRunner> endpoints, TimeSpan interval, ParkingAlarm alarm, WorkState state, TimeProvider time, ILogger logger)
{
    /// <summary>What is not done by then, because its process is gone, is taken by another.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private const int MaxBatch = 500;

    private const int PollsPerLook = 5;

    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);

    /// <summary>Worth it even when the host is in a hurry: what is taken and not given back waits for its lease, and its key with it.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often it is looked if nothing happens here: what this process has parked wakes it in time, so what remains is what others have left
    /// behind or replayed. Five times as long as the outbox's longest poll, at most 5 s, unless that poll is longer itself.
    /// </summary>
    public static TimeSpan IntervalFor(TimeSpan longestPoll)
    {
        var looks = longestPoll * PollsPerLook;
        return looks <= LongestLook ? looks : longestPoll > LongestLook ? longestPoll : LongestLook;
    }

    /// <summary>Does one round; waits unless there may be more.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var rooms = endpoints.Select(endpoint => (Endpoint: endpoint, Room: endpoint.ParkingRoom)).Where(room => room.Room > 0).ToDictionary(room => room.Endpoint.Name, StringComparer.Ordinal);
        var count = Math.Min(MaxBatch, rooms.Values.Sum(room => room.Room));
        var taken = rooms.Count == 0 ? 0 : await TakeAsync(rooms, count, cancellationToken);
        state.Works();
        if (taken < count || count == 0)
        {
            await alarm.WaitAsync(interval, cancellationToken);
        }
    }

    /// <summary>Takes messages and hands them over; gives back what is not handed over, whatever goes wrong or whoever stops it. Returns how many were taken.</summary>
    private async Task<int> TakeAsync(Dictionary<string, (EndpointRunner Runner, int Room)> rooms, int count, CancellationToken cancellationToken)
    {
        await using var grace = new Grace(cancellationToken, LastWords, time);
        var taken = await store.Parking.TakeDueAsync(rooms.Keys, count, Lease, grace.Token);
        var left = taken.ToDictionary(message => message.Id);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var ofEndpoint in taken.GroupBy(message => message.Endpoint))
            {
                // One statement takes for all endpoints: what is too much for one of them is for others, and not for a queue in which its lease runs out.
                var (endpoint, room) = rooms[ofEndpoint.Key];
                var readable = await ReadAsync(endpoint, ofEndpoint.Take(room), grace.Token);
                endpoint.Retry(readable);
                ofEndpoint.Take(room).ToList().ForEach(message => left.Remove(message.Id));
            }

            return taken.Count;
        }
        finally
        {
            await store.Parking.ReleaseAsync(left.Values, grace.Token);
        }
    }

    /// <summary>What cannot be read is given up here: it never gets to a handler.</summary>
    private async Task<IReadOnlyList<ParkedDelivery>> ReadAsync(EndpointRunner endpoint, IEnumerable<ParkedMessage> messages, CancellationToken cancellationToken)
    {
        var deliveries = new List<ParkedDelivery>();
        foreach (var message in messages)
        {
            try
            {
                deliveries.Add(new ParkedDelivery(message, message.ToEnvelope()));
            }
            catch (FormatException exception)
            {
                await store.DeadLetters.AddAsync(new DeadLetterEntry { Letter = LetterOf(message, exception.Message), Parked = message, HoldsKey = message.Key is not null && endpoint.HoldsKeys }, cancellationToken);
                logger.DeadLettered(message.Endpoint, message.MessageId, message.Type, message.Attempts, exception.Message);
            }
        }

        return deliveries;
    }

    private static DeadLetter LetterOf(ParkedMessage message, string reason) => new()
    {
        Endpoint = message.Endpoint,
        MessageId = message.MessageId,
        Type = message.Type,
        Key = message.Key,
        Headers = message.Headers,
        Body = message.Body,
        Reason = reason,
        Attempts = Math.Max(1, message.Attempts),
    };
}
