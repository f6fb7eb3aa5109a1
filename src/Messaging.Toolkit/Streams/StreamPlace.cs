namespace Messaging.Toolkit.Streams;

/// <summary>Where a message is in a stream. Handling it moves the position of its endpoint from before it to behind it.</summary>
/// <param name="Position">The position that it was received under.</param>
/// <param name="From">Where the position is when all before it is settled. It begins where the row was: that may be greater than <paramref name="To"/>, if the stream was made anew.</param>
/// <param name="To">Where the position is when it is settled: its own offset and one.</param>
public sealed record StreamPlace(StreamPosition Position, long From, long To);
