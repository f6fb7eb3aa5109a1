namespace Messaging.Toolkit.Endpoints;

/// <summary>A message's time was over when its handlers were about to be called, and it is to be kept.</summary>
internal sealed class MessageExpiredException : Exception;
