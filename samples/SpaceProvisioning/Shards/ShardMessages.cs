using Messaging.Toolkit.Messages;

namespace SpaceProvisioning.Shards;

/// <summary>Find a shard for a space, and place it there.</summary>
public sealed record PlaceSpace(Guid SpaceId, string Name);

/// <summary>The compensation of <see cref="PlaceSpace"/>.</summary>
public sealed record RemovePlacement(Guid SpaceId);

/// <summary>A space is placed, but the shard needs time to make room: tell who asked when it is ready.</summary>
public sealed record AnswerLater(Guid SpaceId, string Shard, ReplyAddress To);

/// <summary>The space is on a shard.</summary>
public sealed record SpacePlaced(string Shard);

/// <summary>No shard takes it.</summary>
public sealed record NoRoom(string Reason);
