using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Sagas.Definitions;

/// <summary>What a step does, or how it is undone.</summary>
internal abstract record StepAction
{
    private StepAction() { }

    /// <summary>A command goes out, and its reply is waited for.</summary>
    public sealed record Sends(Type MessageType, Func<object, object> Create) : StepAction;

    /// <summary>An event goes out.</summary>
    public sealed record Publishes(Type MessageType, Func<object, object> Create) : StepAction;

    /// <summary>An activity runs in the process.</summary>
    public sealed record Runs(
        Type ActivityType, Action<IServiceCollection> Register, Func<IServiceProvider, object, ActivityContext, CancellationToken, Task<ActivityResult>> Execute) : StepAction;
}
