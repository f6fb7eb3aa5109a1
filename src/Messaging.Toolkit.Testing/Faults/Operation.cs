namespace Messaging.Toolkit.Testing.Faults;

/// <summary>Where a simulated node meets the world outside: the places at which faults happen to it.</summary>
internal enum Operation
{
    Connect,
    Begin,
    Commit,
    Committed,
    ReadOutbox,
    WriteOutbox,
    DeleteOutbox,
    Claim,
    ReadClaims,
    PurgeClaims,
    ReadLeases,
    WriteLeases,
    WriteDeadLetter,
    ReadSaga,
    WriteSaga,
    ReadSchedule,
    WriteSchedule,
    Read,
    Write,
    Handle,
    OpenSender,
    Send,
    Confirm,
    OpenReceiver,
    Receive,
    Settle,
    OpenConnection,
    Declare,
}
