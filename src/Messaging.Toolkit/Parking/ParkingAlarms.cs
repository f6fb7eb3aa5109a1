using System.Collections.Concurrent;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Parking;

/// <summary>The alarm of each store, for whoever parks, replays or lets go of what holds a key in this process. Thread-safe.</summary>
internal sealed class ParkingAlarms(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, ParkingAlarm> alarms = new(StringComparer.Ordinal);

    public ParkingAlarm Of(IMessageStore store) => alarms.GetOrAdd(store.Name, static (_, time) => new ParkingAlarm(time), time);
}
