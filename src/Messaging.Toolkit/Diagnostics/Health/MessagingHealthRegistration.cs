namespace Messaging.Toolkit.Diagnostics.Health;

/// <summary>A health check that was added: kept so that its thresholds are validated when the host starts.</summary>
internal sealed record MessagingHealthRegistration(MessagingHealthOptions Options);
