using System.Net;

namespace SpaceProvisioning.Demo.Spaces;

/// <summary>What a client was told in the end.</summary>
/// <param name="Status">That of the request: 200, 409, or 202 if the client had to look at the status of its space.</param>
/// <param name="IsCompleted">Whether it has its space.</param>
internal sealed record Answer(HttpStatusCode Status, bool IsCompleted);
