using Messaging.Toolkit.Sagas;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace SpaceProvisioning.Spaces;

/// <summary>Spaces over HTTP.</summary>
public static class SpacesApi
{
    public static void MapSpaces(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/spaces", ProvisionAsync);
        routes.MapGet("/spaces/{id:guid}", ShowAsync);
        routes.MapGet("/spaces/{id:guid}/diagram", DrawAsync);
    }

    /// <summary>
    /// 200 with the space when all is done; 409 with the reason when it could not be done and nothing is left of it; 202 with the address
    /// of its status when that takes longer; 400 if it makes no sense; 422 if the key belongs to another space. A client that got
    /// no answer asks again with the same key, which is the same saga, and gets the same answer.
    /// </summary>
    public static async Task<IResult> ProvisionAsync(
        ProvisionSpaceRequest request, [FromHeader(Name = "Idempotency-Key")] string? key, ISagas sagas, Waiting waiting, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = request.Validate();
        var id = Guid.CreateVersion7(time.GetUtcNow());
        if (key is not null && (!Guid.TryParse(key.Trim('"'), out id) || id == Guid.Empty))
        {
            errors["Idempotency-Key"] = ["Choose a random GUID, or leave it out."];
        }

        if (errors.Count > 0)
        {
            return Results.ValidationProblem(errors);
        }

        var outcome = await sagas.RunAsync<ProvisionSpace, Provisioning>(
            new Provisioning { SpaceId = id, Name = request.Name! }, waiting.Limit, id, cancellationToken);
        return outcome switch
        {
            { State.Name: var name } when name != request.Name => Results.Problem(
                $"The Idempotency-Key {id} belongs to the space '{name}': choose a new one.", statusCode: StatusCodes.Status422UnprocessableEntity),
            { IsCompleted: true, State: { } space } => Results.Ok(space),
            { IsCompensated: true, Reason: var reason } => Results.Problem(
                reason, title: $"The space '{request.Name}' could not be provisioned. Nothing is left of it.", statusCode: StatusCodes.Status409Conflict),
            _ => Results.Accepted($"/spaces/{id}", new { id, outcome.Status }), // It runs, or is stuck until an operator sees to it.
        };
    }

    private static async Task<IResult> ShowAsync(Guid id, ISagas sagas, ProvisioningDb db, CancellationToken cancellationToken)
    {
        if (await FindAsync(sagas, id, cancellationToken) is not { } saga)
        {
            return Results.NotFound();
        }

        var space = await db.Spaces.AsNoTracking().SingleOrDefaultAsync(space => space.Id == id, cancellationToken);
        return Results.Ok(SpaceView.Of(saga, space, await sagas.GetHistoryAsync(id, cancellationToken)));
    }

    /// <summary>For <see href="https://mermaid.live"/>, or any other that draws Mermaid.</summary>
    private static async Task<IResult> DrawAsync(Guid id, ISagas sagas, CancellationToken cancellationToken)
        => await FindAsync(sagas, id, cancellationToken) is { } saga ? Results.Text(sagas.ToMermaid(saga.Definition, saga)) : Results.NotFound();

    /// <summary>The sagas of this application are spaces, but for those of its services.</summary>
    private static async Task<SagaView?> FindAsync(ISagas sagas, Guid id, CancellationToken cancellationToken)
        => await sagas.FindAsync(id, cancellationToken) is { Definition: ProvisionSpace.Name } saga ? saga : null;
}
