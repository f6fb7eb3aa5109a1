using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>What the handling of one message works with.</summary>
internal sealed class SagaTurn(IServiceProvider scope, MessageBus bus, MessageContext context)
{
    public IServiceProvider Scope => scope;

    public MessageBus Bus => bus;

    public SagaServices Services { get; } = scope.GetRequiredService<SagaServices>();

    public MessageContext Context => context;

    public SagaProgress Progress { get; set; } = SagaProgress.None;

    public object State { get; set; } = "";

    /// <summary>A transaction has one activity, so that its failure rolls nobody else's work back.</summary>
    public bool HasRunActivity { get; set; }

    /// <summary>Why something must not be tried in this attempt, because it has failed in those before; null if it may.</summary>
    public StepFailedException? FailureOf(Guid saga, SagaEffect effect)
        => context.GivenUp.FirstOrDefault(failure => failure.IsOf(saga, effect));
}
