namespace Messaging.Toolkit.Parking;

/// <summary>What has become of a message that was to be parked.</summary>
public enum ParkingOutcome
{
    /// <summary>It is stored, and this process's delivery of it is done.</summary>
    Parked,

    /// <summary>It has been handled, is parked already, or is a dead letter. Nothing was stored.</summary>
    Duplicate,

    /// <summary>As many of its key are parked as may be. Nothing was stored.</summary>
    Full,

    /// <summary>The first one of its key is being handled right now, and may be the last one. Nothing was stored: try it again soon.</summary>
    Busy,
}
