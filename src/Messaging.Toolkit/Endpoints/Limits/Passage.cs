using System.Threading.RateLimiting;

namespace Messaging.Toolkit.Endpoints.Limits;

/// <summary>What a message was let through with, to be given back when the attempt at it has ended.</summary>
/// <param name="Ticket">The circuit breaker's, if there is one.</param>
/// <param name="Permit">The rate limiter's, if there is one.</param>
internal readonly record struct Passage(int? Ticket, RateLimitLease? Permit);
