using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>Three steps, one after another, each a command to a service and its reply.</summary>
internal sealed class DeliverySaga : Saga<Delivery>
{
    public const int Steps = 3;

    protected override void Define(ISagaBuilder<Delivery> saga) => saga
        .Named("bench.delivery")
        .Step("one", s => s.Send(d => new DoStep(d.Number, 1)).Succeeds<StepDone>((d, reply) => d.Done = reply.Step).Compensate(d => new DoStep(d.Number, -1)))
        .Step("two", s => s.Send(d => new DoStep(d.Number, 2)).Succeeds<StepDone>((d, reply) => d.Done = reply.Step).Compensate(d => new DoStep(d.Number, -2)))
        .Step("three", s => s.Send(d => new DoStep(d.Number, 3)).Succeeds<StepDone>((d, reply) => d.Done = reply.Step));
}

/// <summary>The state of <see cref="DeliverySaga"/>.</summary>
internal sealed class Delivery
{
    public required int Number { get; init; }

    public int Done { get; set; }

    /// <summary>So that a state is about as large as a message.</summary>
    public string Note { get; init; } = new('n', 200);
}

internal sealed record DoStep(int Number, int Step);

internal sealed record StepDone(int Step);

/// <summary>Writes one row and replies.</summary>
internal sealed class DoStepHandler(ShopDb db) : IHandle<DoStep>
{
    public Task HandleAsync(DoStep message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Invoices.Add(new Invoice { Customer = message.Step, Number = message.Number });
        context.Reply(new StepDone(message.Step));
        return Task.CompletedTask;
    }
}
